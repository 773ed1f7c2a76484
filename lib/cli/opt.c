/* Parsing a command line by its table. */
#include "cli/opt.h"

#include <ctype.h>

#include "base/num.h"
#include "base/str.h"

/* --yes and --dry-run mean the same everywhere; a command with something to ask lists --yes itself. */
const struct opt_spec opt_common_rows[] = {
	OPT(opt_common, help, .name = "help", .letter = 'h', .type = OPT_BOOL,
	    .help = "show this help and exit"),
	OPT(opt_common, json, .name = "json", .type = OPT_BOOL, .help = "print the result as JSON"),
	OPT(opt_common, quiet, .name = "quiet", .letter = 'q', .type = OPT_BOOL,
	    .help = "print only errors to standard error"),
	OPT(opt_common, verbose, .name = "verbose", .letter = 'v', .type = OPT_BOOL,
	    .help = "say more on standard error"),
	OPT_END,
};

struct parser {
	const struct cmd_spec *spec;
	const char *path;
	char *opts;
	struct mlops_error *err;
};

const struct opt_spec *opt_find(const struct opt_spec *rows, const char *name)
{
	for (; rows && rows->name; rows++)
		if (!strcmp(rows->name, name))
			return rows;
	return NULL;
}

static const struct opt_spec *find_letter(const struct opt_spec *rows, char letter)
{
	for (; rows && rows->name; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

bool opt_common_applies(const struct cmd_spec *spec, const struct opt_spec *row)
{
	if (row->offset == offsetof(struct opt_common, json))
		return spec->flags & CMD_JSON;
	if (row->offset == offsetof(struct opt_common, help))
		return true;
	return !opt_find(spec->opts, row->name) &&
	       !(row->letter && find_letter(spec->opts, row->letter));
}

static int usage_error(struct parser *p, const char *hint_for)
{
	const char *choices[128];
	size_t n = 0;

	if (hint_for) {
		for (const struct opt_spec *o = p->spec->opts; o && o->name && n < 100; o++)
			choices[n++] = o->name;
		for (const struct opt_spec *o = opt_common_rows; o->name; o++)
			choices[n++] = o->name;
		choices[n] = NULL;
		const char *near = str_suggest(hint_for, choices);
		if (near)
			return err_hint(p->err, "did you mean --%s?", near);
	}
	return err_hint(p->err, "see: mlops %s -h", p->path);
}

static bool is_choice(const char *choices, const char *value)
{
	struct str rest = str_of(choices);

	while (rest.n)
		if (str_eq(str_split(rest, '|', &rest), value))
			return true;
	return false;
}

static bool store(void *field, enum opt_type type, const char *value)
{
	switch (type) {
	case OPT_BOOL:
		return str_parse_bool(value, field);
	case OPT_STR:
		*(const char **)field = value;
		return true;
	case OPT_INT:
		return num_parse_i64(value, field);
	case OPT_DOUBLE:
		return num_parse_double(value, field);
	case OPT_BYTES:
		return num_parse_bytes(value, field);
	case OPT_DURATION:
		return num_parse_duration(value, field);
	case OPT_STRS:
		vec_push((struct opt_strs *)field, value);
		return true;
	}
	return false;
}

static int set_value(struct parser *p, const struct opt_spec *o, const char *value,
		     const char *source)
{
	static const char *const kinds[] = { "true or false",
					     "text",
					     "a whole number",
					     "a number",
					     "a size such as 64M",
					     "a duration such as 90s",
					     "text" };

	if (o->choices && !is_choice(o->choices, value)) {
		err_set(p->err, MLOPS_EUSAGE, "%s takes one of %s, not '%s'", source, o->choices,
			value);
		return usage_error(p, NULL);
	}
	if (!store(p->opts + o->offset, o->type, value)) {
		err_set(p->err, MLOPS_EUSAGE, "%s takes %s, not '%s'", source, kinds[o->type],
			value);
		return usage_error(p, NULL);
	}
	return 0;
}

/* --name, --name=value, --name value, --no-name; *at moves past a value that was taken. */
static int parse_long(struct parser *p, int argc, char **argv, int *at)
{
	const char *arg = argv[*at] + 2, *value = strchr(arg, '=');
	autofree char *name = value ? xstrndup(arg, (size_t)(value - arg)) : xstrdup(arg);
	const struct opt_spec *o = opt_find(p->spec->opts, name);
	autofree char *source = xasprintf("--%s", name);

	if (!o && str_starts(name, "no-")) {
		o = opt_find(p->spec->opts, name + 3);
		if (o && o->type == OPT_BOOL && !value)
			return set_value(p, o, "false", source);
		o = NULL;
	}
	if (!o) {
		err_set(p->err, MLOPS_EUSAGE, "unknown option '--%s'", name);
		return usage_error(p, name);
	}
	if (value)
		return set_value(p, o, value + 1, source);
	if (o->type == OPT_BOOL)
		return set_value(p, o, "true", source);
	if (*at + 1 >= argc) {
		err_set(p->err, MLOPS_EUSAGE, "--%s needs a value", name);
		return usage_error(p, NULL);
	}
	return set_value(p, o, argv[++*at], source);
}

/* -n, -nv, -j4, -j 4 */
static int parse_letters(struct parser *p, int argc, char **argv, int *at)
{
	for (const char *c = argv[*at] + 1; *c; c++) {
		const struct opt_spec *o = find_letter(p->spec->opts, *c);
		char source[] = { '-', *c, '\0' };

		if (!o) {
			err_set(p->err, MLOPS_EUSAGE, "unknown option '-%c'", *c);
			return usage_error(p, NULL);
		}
		if (o->type == OPT_BOOL) {
			if (set_value(p, o, "true", source))
				return -1;
			continue;
		}
		if (c[1])
			return set_value(p, o, c + 1, source);
		if (*at + 1 >= argc) {
			err_set(p->err, MLOPS_EUSAGE, "-%c needs a value", *c);
			return usage_error(p, NULL);
		}
		return set_value(p, o, argv[++*at], source);
	}
	return 0;
}

/* `push --dry-run` takes MLOPS_PUSH_DRY_RUN, then config push.dry-run, then the row's default. */
static int take_default(struct parser *p, const struct opt_spec *o,
			const struct opt_defaults *defaults)
{
	autofree char *env = xasprintf("MLOPS_%s_%s", p->path, o->name);
	autofree char *key = xasprintf("%s.%s", p->path, o->name);
	const char *value = NULL, *source = env;

	for (char *c = env; *c; c++)
		*c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
	for (char *c = key; *c; c++)
		if (*c == ' ')
			*c = '-';
	if (!o->no_config) {
		value = getenv(env);
		if (!value && defaults && defaults->lookup) {
			value = defaults->lookup(defaults->arg, key);
			source = key;
		}
	}
	if (!value)
		value = o->def;
	return value ? set_value(p, o, value, source) : 0;
}

/* `front` of the n arguments come before "--". */
static int place_args(struct parser *p, char **args, size_t n, size_t front)
{
	size_t at = 0, needed_later = 0;

	for (const struct arg_spec *a = p->spec->args; a && a->name; a++)
		needed_later += a->min;
	for (const struct arg_spec *a = p->spec->args; a && a->name; a++) {
		needed_later -= a->min;
		size_t left = (a->behind ? n : front) - at, spare = left > needed_later ? left - needed_later : 0;
		size_t take = spare < a->max ? spare : a->max;

		if (take < a->min) {
			err_set(p->err, MLOPS_EUSAGE, "%s is missing", a->name);
			return usage_error(p, NULL);
		}
		if (a->max == 1 && take)
			*(const char **)(p->opts + a->offset) = args[at];
		for (size_t i = 0; a->max > 1 && i < take; i++)
			vec_push((struct opt_strs *)(p->opts + a->offset), args[at + i]);
		at += take;
	}
	if (at < n) {
		err_set(p->err, MLOPS_EUSAGE, "unexpected argument '%s'", args[at]);
		return usage_error(p, NULL);
	}
	return 0;
}

const struct arg_spec *opt_behind(const struct cmd_spec *spec)
{
	for (const struct arg_spec *a = spec->args; a && a->name; a++)
		if (a->behind)
			return a;
	return NULL;
}

/* Where "--" divides the arguments: nowhere, unless a row takes what is behind it. */
static size_t note_dashes(struct parser *p, size_t n_args)
{
	const struct arg_spec *a = opt_behind(p->spec);

	if (!a)
		return SIZE_MAX;
	((struct opt_strs *)(p->opts + a->offset))->dashes = true;
	return n_args;
}

int opt_parse(const struct cmd_spec *spec, const char *path, const struct opt_defaults *defaults,
	      int argc, char **argv, void *opts, struct mlops_error *err)
{
	struct parser p = { spec, path, opts, err };
	autofree char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	size_t n_args = 0, front = SIZE_MAX;
	bool only_args = false;

	for (const struct opt_spec *o = spec->opts; o && o->name; o++)
		if (o->type != OPT_STRS && take_default(&p, o, defaults))
			return -1;
	for (int i = 0; i < argc; i++) {
		char *arg = argv[i];
		int rc = 0;

		if (only_args || arg[0] != '-' || !arg[1]) {
			args[n_args++] = arg;
			only_args |= (spec->flags & CMD_REST) != 0;
		} else if (!strcmp(arg, "--")) {
			only_args = true;
			front = note_dashes(&p, n_args);
		} else if (arg[1] == '-') {
			rc = parse_long(&p, argc, argv, &i);
		} else {
			rc = parse_letters(&p, argc, argv, &i);
		}
		if (rc)
			return -1;
	}
	return place_args(&p, args, n_args, front < n_args ? front : n_args);
}

void opt_clear(const struct cmd_spec *spec, void *opts)
{
	char *base = opts;

	for (const struct opt_spec *o = spec->opts; o && o->name; o++)
		if (o->type == OPT_STRS)
			vec_free((struct opt_strs *)(base + o->offset));
	for (const struct arg_spec *a = spec->args; a && a->name; a++)
		if (a->max > 1)
			vec_free((struct opt_strs *)(base + a->offset));
}

/* True when the word behind argv[i] is the value of the option there. */
static bool takes_next(const struct cmd_spec *spec, const char *arg)
{
	const struct opt_spec *o;

	if (arg[0] != '-' || !arg[1] || strchr(arg, '='))
		return false;
	if (arg[1] == '-')
		o = opt_find(spec->opts, arg + 2);
	else if (arg[2])
		return false;
	else
		o = find_letter(spec->opts, arg[1]);
	return o && o->type != OPT_BOOL;
}

static bool take_one(const struct cmd_spec *spec, const char *arg, struct opt_common *out)
{
	for (const struct opt_spec *o = opt_common_rows; o->name; o++) {
		char letter[] = { '-', o->letter, '\0' };

		if (!opt_common_applies(spec, o))
			continue;
		if ((str_starts(arg, "--") && !strcmp(arg + 2, o->name)) ||
		    (o->letter && !strcmp(arg, letter) && !find_letter(spec->opts, o->letter))) {
			*(bool *)((char *)out + o->offset) = true;
			return true;
		}
	}
	return false;
}

int opt_take_common(const struct cmd_spec *spec, int argc, char **argv, struct opt_common *out)
{
	int kept = 0, i = 0;

	for (; i < argc && strcmp(argv[i], "--"); i++) {
		bool is_arg = argv[i][0] != '-' || !argv[i][1];

		if ((spec->flags & CMD_REST) && is_arg)
			break;
		if (take_one(spec, argv[i], out))
			continue;
		bool pair = takes_next(spec, argv[i]) && i + 1 < argc;
		argv[kept++] = argv[i];
		if (pair)
			argv[kept++] = argv[++i];
	}
	for (; i < argc; i++)
		argv[kept++] = argv[i];
	return kept;
}
