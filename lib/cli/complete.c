/* The hidden completion mode: shell files stay short because every candidate comes from here. */
#include "cli/usage.h"

static void add_commands(const struct cmd_spec *const *cmds, bool top, const char *typed,
			 struct strbuf *out)
{
	for (; cmds && *cmds; cmds++)
		if ((!top || (*cmds)->group) && str_starts((*cmds)->name, typed))
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

/* The option whose value follows the word "--jobs" or "-j", or NULL. */
static const struct opt_spec *awaits_value(const struct cmd_spec *spec, const char *word)
{
	const struct opt_spec *o = spec->opts;

	for (; o && o->name; o++)
		if (o->type != OPT_BOOL && ((word[1] == '-' && !strcmp(word + 2, o->name)) ||
					    (word[1] == o->letter && !word[2])))
			return o;
	return NULL;
}

/* What the words in front of the last one say about it. */
struct place {
	size_t n_args;                  /* arguments before it */
	const struct opt_spec *pending; /* it is the value of this option */
	bool only_args;                 /* it stands behind "--" */
};

static struct place find_place(const struct cmd_spec *spec, char **words, size_t n)
{
	struct place at = { 0 };

	for (size_t i = 0; i + 1 < n; i++) {
		const char *w = words[i];

		if (at.pending)
			at.pending = NULL;
		else if (at.only_args || w[0] != '-' || !w[1])
			at.n_args++;
		else if (!strcmp(w, "--"))
			at.only_args = true;
		else
			at.pending = awaits_value(spec, w);
	}
	return at;
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

static void complete_argument(const struct cmd_spec *spec, const struct place *at,
			      struct strbuf *out)
{
	const struct arg_spec *a = at->only_args ? opt_behind(spec) : NULL;
	size_t n_args = at->n_args;

	if (!a)
		for (a = spec->args; a && a->name && n_args >= a->max; a++)
			n_args -= a->max;
	if (a && a->complete)
		strbuf_addf(out, ":%s\n", a->complete);
}

static void complete_global(const struct cmd_spec *const *cmds, const char *typed,
			    struct strbuf *out)
{
	static const char *const rows[] = { "-C\trun as if started in another folder",
					    "--help\tlist the commands",
					    "--version\tshow the version" };

	if (typed[0] != '-') {
		add_commands(cmds, true, typed, out);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_starts(rows[i], typed))
			strbuf_addf(out, "%s\n", rows[i]);
}

void usage_complete(const struct cmd_spec *const *cmds, char **words, size_t n, struct strbuf *out)
{
	size_t used;

	while (n > 1 && !strcmp(words[0], "-C")) { /* -C DIR in front of the command */
		if (n == 2) {
			strbuf_adds(out, ":dir\n");
			return;
		}
		words += 2;
		n -= 2;
	}
	if (n < 2) {
		complete_global(cmds, n ? words[0] : "", out);
		return;
	}
	const struct cmd_spec *spec = usage_find(cmds, words, n - 1, &used);
	if (!spec)
		return;
	const char *typed = words[n - 1];
	struct place at = find_place(spec, words + used, n - used);
	if (at.pending) {
		add_values(at.pending, "", typed, out);
		return;
	}
	if (typed[0] == '-' && !at.only_args) {
		complete_option(spec, typed, out);
		return;
	}
	if (!at.n_args)
		add_commands(spec->subs, false, typed, out);
	complete_argument(spec, &at, out);
}
