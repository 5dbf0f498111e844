// SPDX-License-Identifier: GPL-2.0
/* show: which devices, which field, which form. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "nl.h"
#include "show.h"

/**
 * struct show - what is asked for
 * @name: of the device, NULL: all of them
 * @names_only: just the names
 * @field: which field
 * @style: for people
 * @json: an array of what was found, NULL for text
 * @shown: how many devices have been
 */
struct show {
	const char *name;
	bool names_only;
	enum show_field field;
	struct style style;
	json_t *json;
	unsigned int shown;
};

static int show_as_json(struct show *show, const struct device *dev)
{
	json_t *json = show_json(&show->style, dev, show->field);

	return json_array_append_new(show->json, json) ? -ENOMEM : 0;
}

static int show_device(struct show *show, const struct device *dev)
{
	show->shown++;
	if (show->json)
		return show_as_json(show, dev);
	if (show->field != SHOW_ALL) {
		show_text(stdout, dev, show->field, !show->name);
		return 0;
	}
	if (show->shown > 1)
		putchar('\n');
	return show_pretty(&show->style, dev);
}

static int show_one(struct show *show, struct nl *nl, const char *name)
{
	struct device *dev;
	int ret = nl_get_device(nl, name, &dev);

	if (ret)
		return ret;
	ret = show_device(show, dev);
	device_free(dev);
	return ret;
}

static void show_names(struct show *show, const struct device *list)
{
	const struct device *dev;

	for (dev = list; dev; dev = dev->next) {
		if (show->json)
			json_array_append_new(show->json, json_text(dev->name));
		else
			printf("%s%s", dev->name, dev->next ? " " : "\n");
	}
}

/* One that has gone away since the list was made is not missed. */
static int show_every(struct show *show, struct nl *nl)
{
	struct device *list, *dev;
	int ret = nl_list_devices(nl, &list);

	if (ret)
		return ret;
	if (show->names_only) {
		show_names(show, list);
	} else {
		for (dev = list; dev && !ret; dev = dev->next) {
			ret = show_one(show, nl, dev->name);
			if (ret == -ENODEV)
				ret = 0;
		}
	}
	device_list_free(list);
	return ret;
}

/* Without the module there are no devices, which is a list like another. */
static int show_what_is_asked(struct show *show)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret)
		ret = show->name ? show_one(show, &nl, show->name) : show_every(show, &nl);
	else if (ret == -EPROTONOSUPPORT && !show->name)
		ret = 0;
	if (ret)
		nl_complain(&nl, "Unable to access interface", show->name, ret);
	nl_close(&nl);
	return ret;
}

static int parse_args(struct show *show, char *const *args)
{
	const char *words[2] = { "all", NULL };
	size_t n = take_words(args, words, 2);
	int field;

	show->names_only = !strcmp(words[0], "interfaces");
	if (!show->names_only && strcmp(words[0], "all"))
		show->name = words[0];
	if (n > 2 || (n > 1 && show->names_only))
		return usage_error("show");
	if (n < 2)
		return 0;
	field = show_field_by_name(words[1]);
	if (field < 0) {
		fprintf(stderr, "Invalid parameter: `%s'\n", words[1]);
		return usage_error("show");
	}
	show->field = (enum show_field)field;
	return 0;
}

/**
 * cmd_show() - print devices
 * @args: [-j] [<interface> | all | interfaces] [field]
 *
 * Return: the exit code.
 */
int cmd_show(char *const *args)
{
	struct show show = { .field = SHOW_ALL };
	int ret;

	if (parse_args(&show, args))
		return 1;
	style_init(&show.style, stdout);
	show.style.as_wg = !strcmp(prog_name, "wg");
	if (want_json)
		show.json = json_array();
	ret = show_what_is_asked(&show);
	if (!ret && show.json) {
		json_dumpf(show.json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	json_decref(show.json);
	return finish_output() || ret ? 1 : 0;
}
