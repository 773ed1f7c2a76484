/*
 * Manual pages: the parts that the option tables decide, as mdoc(7). A page's source holds lines
 * such as "@SYNOPSIS@" and "@OPTIONS remote add@" in their place; without words they stand for
 * the command that the page is named after, subcommands included.
 */
#include <ctype.h>

#include "base/path.h"
#include "cli/usage.h"

/* Text that a macro must not take for a macro or for punctuation. */
static void add_word(struct strbuf *out, const char *word)
{
	strbuf_addf(out, strlen(word) <= 3 ? "\\&%s" : "%s", word);
}

/* A help text as a sentence: "print less" becomes "Print less." */
static void add_sentence(struct strbuf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		strbuf_adds(out, "\\&");
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			strbuf_adds(out, "\\e");
		else
			strbuf_addc(out, p == text ? (char)toupper((unsigned char)*p) : *p);
	}
	strbuf_adds(out, ".\n");
}

static void add_flag(struct strbuf *out, const struct opt_spec *o)
{
	strbuf_addf(out, "Fl -%s", o->name);
	if (o->meta) {
		strbuf_adds(out, " Ns = Ns Ar ");
		add_word(out, o->meta);
	}
}

static void add_arg(struct strbuf *out, const struct arg_spec *a)
{
	strbuf_adds(out, "Ar ");
	add_word(out, a->name);
	if (a->max > 1)
		strbuf_adds(out, " ...");
}

static void add_synopsis(const struct cmd_spec *spec, const char *path, struct strbuf *out)
{
	if (spec->run) {
		strbuf_addf(out, ".Nm mlops %s\n", path);
		for (const struct opt_spec *o = spec->opts; o && o->name; o++) {
			strbuf_adds(out, ".Op ");
			add_flag(out, o);
			strbuf_addc(out, '\n');
		}
		for (const struct arg_spec *a = spec->args; a && a->name; a++) {
			strbuf_addf(out, "%s%s", a->min ? "." : ".Op ",
				    a->behind ? "Oo Fl - Oc " : "");
			add_arg(out, a);
			strbuf_addc(out, '\n');
		}
	}
	for (const struct cmd_spec *const *s = spec->subs; s && *s; s++) {
		autofree char *sub = xasprintf("%s %s", path, (*s)->name);

		add_synopsis(*s, sub, out);
	}
}

static void add_choices(struct strbuf *out, const char *choices)
{
	struct str rest = str_of(choices);

	strbuf_adds(out, "One of");
	while (rest.n) {
		struct str choice = str_split(rest, '|', &rest);

		strbuf_addf(out, " " STR_FMT "%s", STR_ARG(choice), rest.n ? "," : ".\n");
	}
}

static void add_option(struct strbuf *out, const struct opt_spec *o)
{
	strbuf_adds(out, ".It ");
	if (o->letter)
		strbuf_addf(out, "Fl %c , ", o->letter);
	add_flag(out, o);
	strbuf_addc(out, '\n');
	add_sentence(out, o->help);
	if (o->choices)
		add_choices(out, o->choices);
	if (o->def)
		strbuf_addf(out, "The default is %s.\n", o->def);
	if (o->type == OPT_STRS)
		strbuf_adds(out, "May be given more than once.\n");
}

static void add_list(const struct cmd_spec *spec, bool top, struct strbuf *out)
{
	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (const struct arg_spec *a = spec->args; a && a->name; a++) {
		strbuf_adds(out, ".It ");
		add_arg(out, a);
		strbuf_addc(out, '\n');
		add_sentence(out, a->help);
	}
	for (const struct opt_spec *o = spec->opts; o && o->name; o++)
		add_option(out, o);
	for (const struct opt_spec *o = opt_common_rows; o->name; o++)
		if (opt_common_applies(spec, o) && (top || !strcmp(o->name, "json")))
			add_option(out, o);
	strbuf_adds(out, ".El\n");
}

static bool has_rows(const struct cmd_spec *spec)
{
	return spec->opts || spec->args || (spec->flags & CMD_JSON);
}

/* Those of a group come command by command, and what all take once, at the top. */
static void add_options(const struct cmd_spec *spec, const char *path, bool top, struct strbuf *out)
{
	if (top || has_rows(spec))
		add_list(spec, top, out);
	for (const struct cmd_spec *const *s = spec->subs; s && *s; s++) {
		autofree char *sub = xasprintf("%s %s", path, (*s)->name);

		if (!has_rows(*s) && !(*s)->subs)
			continue;
		strbuf_addf(out, ".Ss mlops %s\n", sub);
		add_options(*s, sub, false, out);
	}
}

static void add_exit_status(struct strbuf *out)
{
	static const struct {
		int code;
		const char *text;
	} rows[] = {
#define MLOPS_ERROR(kind, code, name, text) { code, text },
#include "mlops/error.def"
#undef MLOPS_ERROR
	};

	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].text)
			continue;
		strbuf_addf(out, ".It %d\n", rows[i].code);
		add_sentence(out, rows[i].text);
	}
	strbuf_adds(out, ".El\n");
}

static void add_commands(const struct cmd_spec *const *cmds, struct strbuf *out)
{
	const char *group = NULL;

	for (; *cmds; cmds++) {
		if (!(*cmds)->group)
			continue;
		if (!group || strcmp(group, (*cmds)->group))
			strbuf_addf(out, "%s.Ss %s\n.Bl -tag -width mlops-deployments\n",
				    group ? ".El\n" : "", (*cmds)->group);
		group = (*cmds)->group;
		strbuf_addf(out, ".It Xr mlops-%s 1\n", (*cmds)->name);
		add_sentence(out, (*cmds)->summary);
	}
	if (group)
		strbuf_adds(out, ".El\n");
}

struct page {
	const struct cmd_spec *const *cmds;
	const char *file; /* for messages */
	char *words;      /* "remote": the command that the page is named after */
	int line;
};

/* The command that a directive is about: the words in it, else the page's own. */
static const struct cmd_spec *find_command(const struct page *page, const char *path)
{
	autofree char *copy = xstrdup(path);
	char *words[8];
	size_t n = 0, used;

	for (char *p = copy; p && n < ARRAY_LEN(words); n++) {
		words[n] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = '\0';
	}
	const struct cmd_spec *spec = usage_find(page->cmds, words, n, &used);
	return used == n ? spec : NULL;
}

static int expand(const struct page *page, struct str directive, struct strbuf *out,
		  struct mlops_error *err)
{
	struct str rest, word = str_split(directive, ' ', &rest);

	if (str_eq(word, "EXIT")) {
		add_exit_status(out);
		return 0;
	}
	if (str_eq(word, "COMMANDS")) {
		add_commands(page->cmds, out);
		return 0;
	}
	autofree char *path = rest.n ? xstrndup(rest.p, rest.n) : xstrdup(page->words);
	const struct cmd_spec *spec = find_command(page, path);
	if (!spec)
		return err_set(err, MLOPS_EINVALID, "%s:%d: no command named '%s'", page->file,
			       page->line, path);
	if (str_eq(word, "SYNOPSIS"))
		add_synopsis(spec, path, out);
	else if (str_eq(word, "OPTIONS"))
		add_options(spec, path, !strchr(path, ' '), out);
	else
		return err_set(err, MLOPS_EINVALID, "%s:%d: '@" STR_FMT "@' stands for nothing",
			       page->file, page->line, STR_ARG(word));
	return 0;
}

/* "man/mlops-remote.1.in" is about the command "remote". */
static char *page_command(const char *file)
{
	const char *base = path_base(file);
	const char *name = str_starts(base, "mlops-") ? base + strlen("mlops-") : base;

	return xstrndup(name, strcspn(name, "."));
}

int usage_mdoc(const struct cmd_spec *const *cmds, const char *file, struct str source,
	       struct strbuf *out, struct mlops_error *err)
{
	autofree char *words = page_command(file);
	struct page page = { cmds, file, words, 0 };

	while (source.n) {
		struct str line = str_split(source, '\n', &source);

		page.line++;
		if (line.n > 2 && line.p[0] == '@' && line.p[line.n - 1] == '@') {
			struct str directive = { line.p + 1, line.n - 2 };

			if (expand(&page, directive, out, err))
				return -1;
		} else {
			strbuf_addf(out, STR_FMT "\n", STR_ARG(line));
		}
	}
	return 0;
}
