/* The hidden completion mode: shell files stay short because every candidate comes from here. */
#include "cli/usage.h"

static void add_commands(const struct cmd_spec *const *cmds, const char *typed, struct strbuf *out)
{
	for (; cmds && *cmds; cmds++)
		if ((*cmds)->group && str_starts((*cmds)->name, typed))
			strbuf_addf(out, "%s\t%s\n", (*cmds)->name, (*cmds)->summary);
}

static void add_options(const struct cmd_spec *spec, const struct opt_spec *rows, bool common,
			const char *typed, struct strbuf *out)
{
	for (const struct opt_spec *o = rows; o && o->name; o++) {
		autofree char *name = xasprintf("--%s%s", o->name, o->meta ? "=" : "");

		if ((!common || opt_common_applies(spec, o)) && str_starts(name, typed))
			strbuf_addf(out, "%s\t%s\n", name, o->help);
	}
}

static void add_values(const struct opt_spec *o, const char *prefix, const char *typed,
		       struct strbuf *out)
{
	struct str rest = str_of(o->choices ? o->choices : "");

	while (rest.n) {
		struct str choice = str_split(rest, '|', &rest);

		if (choice.n >= strlen(typed) && !memcmp(choice.p, typed, strlen(typed)))
			strbuf_addf(out, "%s" STR_FMT "\t%s\n", prefix, STR_ARG(choice), o->help);
	}
	if (o->complete)
		strbuf_addf(out, ":%s\n", o->complete);
}

/* Counts the arguments already given, and finds whether the last word is an option's value. */
static const struct opt_spec *scan(const struct cmd_spec *spec, char **words, size_t n,
				   size_t *n_args)
{
	const struct opt_spec *pending = NULL;

	*n_args = 0;
	for (size_t i = 0; i + 1 < n; i++) {
		const char *w = words[i];

		if (pending) {
			pending = NULL;
			continue;
		}
		if (w[0] != '-' || !w[1]) {
			++*n_args;
			continue;
		}
		for (const struct opt_spec *o = spec->opts; o && o->name && !strchr(w, '='); o++)
			if (o->type != OPT_BOOL && ((w[1] == '-' && !strcmp(w + 2, o->name)) ||
						    (w[1] == o->letter && !w[2])))
				pending = o;
	}
	return pending;
}

static void complete_option(const struct cmd_spec *spec, const char *typed, struct strbuf *out)
{
	const char *equals = strchr(typed, '=');

	if (!equals) {
		add_options(spec, spec->opts, false, typed, out);
		add_options(spec, opt_common_rows, true, typed, out);
		return;
	}
	autofree char *name = xstrndup(typed, (size_t)(equals - typed));
	const struct opt_spec *o = str_starts(name, "--") ? opt_find(spec->opts, name + 2) : NULL;
	if (o) {
		autofree char *prefix = xasprintf("%s=", name);

		add_values(o, prefix, equals + 1, out);
	}
}

void usage_complete(const struct cmd_spec *const *cmds, char **words, size_t n, struct strbuf *out)
{
	size_t used, n_args, at = 0;
	const struct cmd_spec *spec = n ? usage_find(cmds, words, n - 1, &used) : NULL;

	if (!spec) {
		add_commands(cmds, n ? words[n - 1] : "", out);
		return;
	}
	const char *typed = words[n - 1];
	const struct opt_spec *pending = scan(spec, words + used, n - used, &n_args);
	if (pending) {
		add_values(pending, "", typed, out);
		return;
	}
	if (typed[0] == '-') {
		complete_option(spec, typed, out);
		return;
	}
	if (!n_args)
		add_commands(spec->subs, typed, out);
	for (const struct arg_spec *a = spec->args; a && a->name; a++) {
		if (n_args < at + a->max || a->max == ARGS_ANY) {
			if (a->complete)
				strbuf_addf(out, ":%s\n", a->complete);
			return;
		}
		at += a->max;
	}
}
