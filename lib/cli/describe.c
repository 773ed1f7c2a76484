/* `mlops help --json`: the whole command line as data, for tools and agents. */
#include "cli/usage.h"
#include "fmt/json.h"

static const char *const type_names[] = { "bool",  "string",   "integer", "number",
					  "bytes", "duration", "strings" };

static void set_text(struct json *obj, const char *key, const char *value)
{
	if (value)
		js_set(obj, key, js_str(value));
}

static struct json *describe_option(const struct opt_spec *o)
{
	struct json *obj = js_obj();
	char letter[] = { o->letter, '\0' };

	js_set(obj, "name", js_str(o->name));
	set_text(obj, "letter", o->letter ? letter : NULL);
	js_set(obj, "type", js_str(type_names[o->type]));
	set_text(obj, "meta", o->meta);
	set_text(obj, "default", o->def);
	set_text(obj, "choices", o->choices);
	set_text(obj, "complete", o->complete);
	js_set(obj, "help", js_str(o->help));
	return obj;
}

static struct json *describe_options(const struct cmd_spec *spec)
{
	struct json *list = js_arr();

	for (const struct opt_spec *o = spec->opts; o && o->name; o++)
		js_push(list, describe_option(o));
	for (const struct opt_spec *o = opt_common_rows; o->name; o++)
		if (opt_common_applies(spec, o))
			js_push(list, describe_option(o));
	return list;
}

static struct json *describe_args(const struct cmd_spec *spec)
{
	struct json *list = js_arr();

	for (const struct arg_spec *a = spec->args; a && a->name; a++) {
		struct json *obj = js_obj();

		js_set(obj, "name", js_str(a->name));
		js_set(obj, "min", js_int((int64_t)a->min));
		js_set(obj, "max", a->max == ARGS_ANY ? js_null() : js_int((int64_t)a->max));
		set_text(obj, "complete", a->complete);
		js_set(obj, "help", js_str(a->help));
		js_push(list, obj);
	}
	return list;
}

/* Subcommands are of their parent's group; a command without one is hidden. */
static struct json *describe_commands(const struct cmd_spec *const *cmds, const char *parent)
{
	struct json *list = js_arr();

	for (; cmds && *cmds; cmds++) {
		const char *group = parent ? parent : (*cmds)->group;
		autobuf synopsis = { 0 };

		if (!group)
			continue;
		struct json *obj = js_obj();
		usage_synopsis(*cmds, &synopsis);
		js_set(obj, "name", js_str((*cmds)->name));
		js_set(obj, "group", js_str(group));
		js_set(obj, "summary", js_str((*cmds)->summary));
		js_set(obj, "synopsis", js_str(synopsis.buf ? synopsis.buf : ""));
		js_set(obj, "options", describe_options(*cmds));
		js_set(obj, "arguments", describe_args(*cmds));
		if ((*cmds)->subs)
			js_set(obj, "commands", describe_commands((*cmds)->subs, group));
		js_push(list, obj);
	}
	return list;
}

void usage_describe(const struct cmd_spec *const *cmds, struct strbuf *out)
{
	struct json *top = js_obj();

	js_set(top, "commands", describe_commands(cmds, NULL));
	js_dump(top, JS_PRETTY, out);
	js_free(top);
}
