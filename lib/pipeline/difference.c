/* Merging two sorted lists of deps, and two of parameters, and naming what is not in both. */
#include "pipeline/difference.h"

#include "base/num.h"

#define SHOWN     3  /* reasons that are spelled out */
#define VALUE_MAX 40 /* bytes of a parameter's value in a reason */

struct reasons {
	struct strbuf *out;
	bool at_length;
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct reasons *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n++ >= SHOWN && !r->at_length)
		return;
	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	strbuf_addf(r->out, "%s%s", r->n < 2 ? "" : r->at_length ? "\n" : "; ", text);
}

bool object_ref_same(const struct object_ref *a, const struct object_ref *b)
{
	return a->kind == b->kind && a->executable == b->executable &&
	       mlops_oid_equal(&a->oid, &b->oid);
}

/* "sha256:0123456789ab 12 kB" */
static char *describe(const struct object_ref *ref)
{
	char hex[MLOPS_OID_HEX + 1], size[NUM_SIZE];

	mlops_oid_hex(&ref->oid, hex);
	return xasprintf("%.12s (%s%s)", hex, num_format_bytes(ref->size, size),
			 ref->executable ? ", executable" : "");
}

static void add_changed(struct reasons *r, const struct lock_item *was, const struct lock_item *now)
{
	autofree char *old = describe(&was->ref);
	autofree char *new = describe(&now->ref);

	if (r->at_length)
		add(r, "dependency '%s' changed %s -> %s", now->path, old, new);
	else
		add(r, "dependency '%s' changed", now->path);
}

static void compare_deps(const struct lock_stage *was, const struct lock_stage *now,
			 struct reasons *r)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct lock_item *a = i < was->n_deps ? &was->deps[i] : NULL;
		const struct lock_item *b = k < now->n_deps ? &now->deps[k] : NULL;

		if (!a && !b)
			return;
		int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
		if (order < 0)
			add(r, "'%s' is no longer a dependency", a->path);
		else if (order > 0)
			add(r, "dependency '%s' is new", b->path);
		else if (!object_ref_same(&a->ref, &b->ref))
			add_changed(r, a, b);
		i += order <= 0;
		k += order >= 0;
	}
}

/* A value short enough to be shown. */
static struct str shown(const struct reasons *r, const char *value)
{
	size_t n = strlen(value);

	return n <= VALUE_MAX || r->at_length ? (struct str){ value, n } : STR("(long)");
}

static int param_order(const struct lock_param *a, const struct lock_param *b)
{
	int order = strcmp(a->file, b->file);

	return order ? order : strcmp(a->key, b->key);
}

static void compare_params(const struct lock_stage *was, const struct lock_stage *now,
			   struct reasons *r)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct lock_param *a = i < was->n_params ? &was->params[i] : NULL;
		const struct lock_param *b = k < now->n_params ? &now->params[k] : NULL;

		if (!a && !b)
			return;
		int order = !a ? 1 : !b ? -1 : param_order(a, b);
		if (order < 0)
			add(r, "%s: %s is gone", a->file, a->key);
		else if (order > 0)
			add(r, "%s: %s is new", b->file, b->key);
		else if (strcmp(a->value, b->value))
			add(r, "%s: %s changed " STR_FMT " -> " STR_FMT, b->file, b->key,
			    STR_ARG(shown(r, a->value)), STR_ARG(shown(r, b->value)));
		i += order <= 0;
		k += order >= 0;
	}
}

size_t difference_of_inputs(const struct lock_stage *was, const struct lock_stage *now,
			    bool at_length, struct strbuf *out)
{
	struct reasons r = { .out = out, .at_length = at_length };

	if (strcmp(was->cmd, now->cmd) && at_length)
		add(&r, "its command changed\n  from: %s\n  to:   %s", was->cmd, now->cmd);
	else if (strcmp(was->cmd, now->cmd))
		add(&r, "its command changed");
	compare_deps(was, now, &r);
	compare_params(was, now, &r);
	if (r.n > SHOWN && !at_length)
		strbuf_addf(out, "; and %zu more", r.n - SHOWN);
	return r.n;
}
