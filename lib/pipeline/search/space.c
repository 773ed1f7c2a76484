/* The grammar of spaces, their grids, and drawing from them. */
#include "pipeline/search/space.h"

#include "base/num.h"
#include "base/str.h"

#define DIGITS_MAX 15 /* behind the point of a range's numbers */

static bool parse_number(struct str text, double *out)
{
	struct str t = str_trim(text);
	autofree char *s = xstrndup(t.p, t.n);

	return num_parse_double(s, out) && isfinite(*out);
}

/* One word of a list, up to a comma outside of quotes, which it loses. */
static char *take_word(const char **at)
{
	autobuf word = { 0 };
	char quote = 0;
	const char *p = *at;

	for (; *p && (quote || *p != ','); p++) {
		if (quote ? *p == quote : (*p == '"' || *p == '\''))
			quote = quote ? 0 : *p;
		else
			strbuf_addc(&word, *p);
	}
	*at = p;
	return strbuf_steal(&word);
}

static void parse_choices(const char *text, struct strlist *out)
{
	for (;;) {
		strlist_take(out, take_word(&text));
		if (!*text)
			return;
		text++;
	}
}

/* The digits behind the point, so that 0.1 and 0.2 add up to 0.3; -1: it has an exponent. */
static int count_digits(struct str number)
{
	const char *point = memchr(number.p, '.', number.n);

	if (memchr(number.p, 'e', number.n) || memchr(number.p, 'E', number.n))
		return -1;
	return point ? (int)(number.p + number.n - point) - 1 : 0;
}

struct range {
	double from, to, step;
	int digits;
};

static int read_range(struct str args, struct range *out)
{
	struct str part[3] = { 0 };
	double v[3] = { 0, 0, 1 };
	int n = 0;

	for (; args.n && n < 3; n++) {
		part[n] = str_trim(str_split(args, ',', &args));
		if (!parse_number(part[n], &v[n]))
			return -1;
	}
	if (n < 2 || args.n || v[2] == 0)
		return -1;
	int a = count_digits(part[0]), b = n == 3 ? count_digits(part[2]) : 0;
	*out = (struct range){ v[0], v[1], v[2], a < 0 || b < 0 ? -1 : a > b ? a : b };
	if (out->digits > DIGITS_MAX)
		out->digits = -1;
	return 0;
}

/* As Python's: the end is not in it. */
static int parse_range(struct str args, struct strlist *out)
{
	struct range r;

	if (read_range(args, &r))
		return -1;
	for (size_t i = 0; i <= GRID_MAX; i++) {
		double v = r.from + (double)i * r.step;
		char buf[NUM_SIZE];

		if (r.step > 0 ? v >= r.to - r.step * 1e-9 : v <= r.to - r.step * 1e-9)
			return out->n ? 0 : -1;
		if (r.digits < 0)
			strlist_add(out, num_format_double(v, buf));
		else
			strlist_take(out, xasprintf("%.*f", r.digits, v));
	}
	return -1;
}

static int parse_pair(struct str args, struct space *s)
{
	struct str rest, first = str_split(args, ',', &rest);

	return parse_number(first, &s->a) && parse_number(rest, &s->b) ? 0 : -1;
}

static int parse_args(const char *name, struct str args, struct space *s)
{
	static const struct {
		const char *name;
		enum space_kind kind;
	} kinds[] = { { "int", SPACE_INT },
		      { "uniform", SPACE_UNIFORM },
		      { "loguniform", SPACE_LOGUNIFORM },
		      { "normal", SPACE_NORMAL } };
	size_t i = 0;

	while (strcmp(kinds[i].name, name))
		i++;
	s->kind = kinds[i].kind;
	if (parse_pair(args, s))
		return -1;
	switch (s->kind) {
	case SPACE_INT:
		return s->a == trunc(s->a) && s->b == trunc(s->b) && s->a <= s->b &&
				       fabs(s->a) < 0x1p52 && fabs(s->b) < 0x1p52 ?
			       0 :
			       -1;
	case SPACE_LOGUNIFORM:
		return s->a > 0 && s->a < s->b ? 0 : -1;
	case SPACE_NORMAL:
		return s->b > 0 ? 0 : -1;
	default:
		return s->a < s->b ? 0 : -1;
	}
}

/* "name(args)" with a name that is known; else it is a list of values. */
static bool find_call(const char *text, const char **name, struct str *args)
{
	static const char *const names[] = { "range",   "choice",     "int",
					     "uniform", "loguniform", "normal" };
	size_t n = strlen(text);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i]);

		if (n < len + 2 || strncmp(text, names[i], len) || text[len] != '(' ||
		    text[n - 1] != ')')
			continue;
		*name = names[i];
		*args = (struct str){ text + len + 1, n - len - 2 };
		return true;
	}
	return false;
}

static int parse_text(struct space *s)
{
	const char *name = NULL;
	struct str args;

	if (!find_call(s->text, &name, &args)) {
		parse_choices(s->text, &s->choices);
		return 0;
	}
	if (!strcmp(name, "range"))
		return parse_range(args, &s->choices);
	if (strcmp(name, "choice"))
		return parse_args(name, args, s);
	autofree char *list = xstrndup(args.p, args.n);
	parse_choices(list, &s->choices);
	return 0;
}

static void space_clear(struct space *s)
{
	free(s->key);
	free(s->text);
	strlist_clear(&s->choices);
}

static const char *find_repeated(const struct strlist *words)
{
	for (size_t i = 1; i < words->n; i++)
		for (size_t k = 0; k < i && words->n < 1000; k++)
			if (!strcmp(words->v[i], words->v[k]))
				return words->v[i];
	return NULL;
}

static int check(const struct spaces *spaces, const struct space *s, const char *typed,
		 struct mlops_error *err)
{
	for (size_t i = 0; i < spaces->n; i++)
		if (!strcmp(spaces->v[i].key, s->key))
			return err_set(err, MLOPS_EUSAGE, "parameter '%s' is given twice", s->key);
	const char *twice = find_repeated(&s->choices);
	if (twice)
		return err_set(err, MLOPS_EUSAGE, "'%s' has the value '%s' twice", typed, twice);
	return 0;
}

int spaces_add(struct spaces *spaces, const char *typed, struct mlops_error *err)
{
	const char *equals = strchr(typed, '=');
	struct space s = { 0 };

	if (!equals || equals == typed)
		return err_set(err, MLOPS_EUSAGE, "'%s' is not of the form KEY=VALUES", typed);
	s.key = xstrndup(typed, (size_t)(equals - typed));
	s.text = xstrdup(equals + 1);
	int rc = parse_text(&s);
	if (rc) {
		err_set(err, MLOPS_EUSAGE, "'%s' makes no sense", typed);
		err_hint(err, "such as a,b,c, range(1,10), int(1,8), uniform(0,1), "
			      "loguniform(1e-4,1) or normal(0,1)");
	} else {
		rc = check(spaces, &s, typed, err);
	}
	if (rc)
		space_clear(&s);
	else
		vec_push(spaces, s);
	return rc;
}

void spaces_clear(struct spaces *spaces)
{
	for (size_t i = 0; i < spaces->n; i++)
		space_clear(&spaces->v[i]);
	vec_free(spaces);
}

static size_t count_points(const struct space *s)
{
	if (s->kind == SPACE_CHOICE)
		return s->choices.n;
	if (s->kind == SPACE_INT && s->b - s->a < GRID_MAX)
		return (size_t)(s->b - s->a) + 1;
	return 0;
}

int spaces_grid(const struct spaces *spaces, size_t *out, struct mlops_error *err)
{
	size_t total = 1;

	for (size_t i = 0; i < spaces->n; i++) {
		const struct space *s = &spaces->v[i];
		size_t n = count_points(s);

		if (!n) {
			err_set(err, MLOPS_EUSAGE,
				"'%s=%s' is not a list that can be tried through", s->key, s->text);
			return err_hint(err, "draw from it with --random N or --tpe N");
		}
		if (!size_mul(total, n, &total) || total > GRID_MAX)
			return err_set(err, MLOPS_EUSAGE, "that is more than %d trials", GRID_MAX);
	}
	*out = total;
	return 0;
}

char *spaces_grid_value(const struct spaces *spaces, size_t space, size_t i)
{
	const struct space *s = &spaces->v[space];

	for (size_t k = spaces->n - 1; k > space; k--)
		i /= count_points(&spaces->v[k]);
	i %= count_points(s);
	return s->kind == SPACE_CHOICE ? xstrdup(s->choices.v[i]) :
					 space_value(s, s->a + (double)i);
}

double space_low(const struct space *s)
{
	switch (s->kind) {
	case SPACE_CHOICE:
		return 0;
	case SPACE_INT:
		return s->a - 0.5;
	case SPACE_LOGUNIFORM:
		return log(s->a);
	case SPACE_NORMAL:
		return -INFINITY;
	case SPACE_UNIFORM:
		break;
	}
	return s->a;
}

double space_high(const struct space *s)
{
	switch (s->kind) {
	case SPACE_CHOICE:
		return (double)s->choices.n;
	case SPACE_INT:
		return s->b + 0.5;
	case SPACE_LOGUNIFORM:
		return log(s->b);
	case SPACE_NORMAL:
		return INFINITY;
	case SPACE_UNIFORM:
		break;
	}
	return s->b;
}

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

char *space_value(const struct space *s, double at)
{
	char buf[NUM_SIZE];

	switch (s->kind) {
	case SPACE_CHOICE:
		return xstrdup(s->choices.v[(size_t)clamp(at, 0, (double)s->choices.n - 1)]);
	case SPACE_INT:
		return xasprintf("%.0f", clamp(round(at), s->a, s->b));
	case SPACE_UNIFORM:
		at = clamp(at, s->a, s->b);
		break;
	case SPACE_LOGUNIFORM:
		at = clamp(exp(at), s->a, s->b);
		break;
	case SPACE_NORMAL:
		break;
	}
	return xstrdup(num_format_double(at, buf));
}

bool space_place(const struct space *s, const char *value, double *out)
{
	double v;

	if (s->kind == SPACE_CHOICE) {
		for (size_t i = 0; i < s->choices.n; i++)
			if (!strcmp(s->choices.v[i], value)) {
				*out = (double)i;
				return true;
			}
		return false;
	}
	if (!num_parse_double(value, &v) || (s->kind == SPACE_LOGUNIFORM && v <= 0))
		return false;
	*out = s->kind == SPACE_LOGUNIFORM ? log(v) : v;
	return true;
}

double space_draw(const struct space *s, struct rng *rng)
{
	if (s->kind == SPACE_NORMAL)
		return s->a + s->b * rng_normal(rng);
	return space_low(s) + rng_unit(rng) * (space_high(s) - space_low(s));
}
