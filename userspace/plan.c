// SPDX-License-Identifier: GPL-2.0
/* The list of steps, and how it is shown. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/**
 * plan_init() - an empty plan
 * @plan: to be given to plan_free()
 * @ifname: the device; must stay
 * @dns_prefix: see struct facts
 */
void plan_init(struct plan *plan, const char *ifname, bool dns_prefix)
{
	memset(plan, 0, sizeof(*plan));
	plan->ifname = ifname;
	snprintf(plan->dns_name, sizeof(plan->dns_name), "%s%s", dns_prefix ? "tun." : "", ifname);
}

/**
 * plan_free() - free the steps
 * @plan: the plan
 */
void plan_free(struct plan *plan)
{
	while (plan->n) {
		plan->n--;
		free(plan->steps[plan->n].act.text);
		free(plan->steps[plan->n].undo.text);
	}
	free(plan->steps);
	plan->steps = NULL;
}

static void set_action(struct plan *plan, struct action *action, enum tool tool, const char *fmt,
		       va_list args)
{
	if (vasprintf(&action->text, fmt, args) < 0) {
		action->text = NULL;
		plan->err = -ENOMEM;
		return;
	}
	action->tool = tool;
}

/**
 * plan_step() - append a step
 * @plan: the plan; its err is set without memory
 * @name: what messages call it; must stay
 * @tool: who does it
 * @fmt: what
 *
 * Return: the step, valid until the next one is added; NULL without memory.
 */
struct step *plan_step(struct plan *plan, const char *name, enum tool tool, const char *fmt, ...)
{
	struct step *steps = reallocarray(plan->steps, plan->n + 1, sizeof(*steps)), *step;
	va_list args;

	if (!steps) {
		plan->err = -ENOMEM;
		return NULL;
	}
	plan->steps = steps;
	step = &steps[plan->n++];
	*step = (struct step){ .name = name };
	va_start(args, fmt);
	set_action(plan, &step->act, tool, fmt, args);
	va_end(args);
	return step;
}

/**
 * plan_undo() - say how a step is taken back
 * @plan: the plan; its err is set without memory
 * @step: what plan_step() has returned
 * @tool: who takes it back
 * @fmt: what
 */
void plan_undo(struct plan *plan, struct step *step, enum tool tool, const char *fmt, ...)
{
	va_list args;

	if (!step)
		return;
	va_start(args, fmt);
	set_action(plan, &step->undo, tool, fmt, args);
	va_end(args);
}

/* A command of the shell whose standard input is the text. */
static void print_with_input(FILE *out, const char *command, const char *text)
{
	fprintf(out, "%s <<'END'\n%sEND\n", command, text);
}

static void print_sysctl(FILE *out, const char *text)
{
	size_t len = strcspn(text, "="), i;

	fprintf(out, "echo %s >/proc/sys/", text + len + 1);
	for (i = 0; i < len; i++)
		fputc(text[i] == '.' ? '/' : text[i], out);
	fputc('\n', out);
}

static void print_action(FILE *out, const struct plan *plan, const struct action *action)
{
	char command[64];

	switch (action->tool) {
	case TOOL_NONE:
		break;
	case TOOL_IP:
		print_with_input(out, "ip -batch -", action->text);
		break;
	case TOOL_IP4:
		print_with_input(out, "ip -4 -batch -", action->text);
		break;
	case TOOL_IP6:
		print_with_input(out, "ip -6 -batch -", action->text);
		break;
	case TOOL_NFT:
		print_with_input(out, "nft -f -", action->text);
		break;
	case TOOL_SYSCTL:
		print_sysctl(out, action->text);
		break;
	case TOOL_DEVICE:
		snprintf(command, sizeof(command), "vpnctl setconf %s /dev/stdin", plan->ifname);
		print_with_input(out, command, action->text);
		break;
	case TOOL_DNS_ADD:
		snprintf(command, sizeof(command), "resolvconf -a %s -m 0 -x", plan->dns_name);
		print_with_input(out, command, action->text);
		break;
	case TOOL_DNS_DELETE:
		fprintf(out, "resolvconf -d %s -f\n", plan->dns_name);
		break;
	case TOOL_BASH:
		fprintf(out, "%s\n", action->text);
		break;
	case TOOL_WAIT:
		fputs(action->text, out);
		break;
	case TOOL_SAVE:
		fprintf(out, "vpnctl showconf %s >%s\n", plan->ifname, action->text);
		break;
	}
}

/**
 * plan_print() - show what would be done, as commands of a shell
 * @out: where to
 * @plan: the plan
 */
void plan_print(FILE *out, const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		if (plan->steps[i].act.tool == TOOL_NONE)
			continue;
		fprintf(out, "# %s\n", plan->steps[i].name);
		print_action(out, plan, &plan->steps[i].act);
	}
}
