// SPDX-License-Identifier: GPL-2.0
/* ip(8) and nft(8) are asked, as they are what is going to be told. */
#include <errno.h>
#include <string.h>

#include "ask.h"
#include "run.h"

static void complain(FILE *log, const char *tool, int err, const struct output *output)
{
	if (err)
		fprintf(log, "%s: %s\n", tool, strerror(-err));
	else if (*output->err)
		fprintf(log, "%s: %.*s\n", tool, (int)strcspn(output->err, "\n"), output->err);
	else
		fprintf(log, "%s: no answer, exit status %d\n", tool, output->status);
}

/* Whether it has answered, be it that there is no such table or chain. */
static bool has_answered(const struct output *output, const json_t *answer)
{
	if (output->status)
		return strstr(output->err, "Error: No such file or directory");
	return answer || !*output->out;
}

/**
 * ask() - what a program answers in JSON
 * @answer: gets it; NULL when it answers nothing
 * @args: the program, found in PATH, and its arguments
 * @log: where it goes that it cannot be asked. Who takes that for nothing may leave things behind,
 *	and gives NULL if that does not matter
 *
 * Return: 0, or -EIO after a complaint.
 */
int ask(json_t **answer, char *const *args, FILE *log)
{
	struct output output;
	int err = tool_run(&output, args, ""), ret = 0;

	*answer = NULL;
	if (!err && !output.status)
		*answer = json_loads(output.out, 0, NULL);
	if (log && (err || !has_answered(&output, *answer))) {
		complain(log, args[0], err, &output);
		ret = -EIO;
	}
	output_free(&output);
	return ret;
}

/**
 * ask_casually() - the same, where an answer would be good to have
 * @args: the program and its arguments
 *
 * Return: the answer, to be given to json_decref(), or NULL.
 */
json_t *ask_casually(char *const *args)
{
	json_t *answer;

	ask(&answer, args, NULL);
	return answer;
}
