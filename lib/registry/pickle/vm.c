/* Stack, memo, values and operands of the pickle machine, and the loop over the opcodes. */
#include "registry/pickle/vm.h"

int pickle_fail(struct pickle *pk, struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	struct cursor at = *pk->c;
	at.at = pk->op_at;
	return cursor_fail(&at, pk->op_name ? pk->op_name : "opcode", err, "%s", text);
}

int pickle_fail_limit(struct pickle *pk, struct mlops_error *err)
{
	pk->too_large = true;
	return pickle_fail(pk, err, "it is too large to be followed");
}

bool pickle_sniff(const uint8_t *p, size_t n)
{
	return n >= 2 && p[0] == 0x80 && p[1] >= 1 && p[1] <= 5;
}

void pickle_tell(struct pickle *pk, struct pickle_event e)
{
	e.opcode = pk->op_name;
	e.offset = pk->op_at;
	if (pk->event)
		pk->event(pk->arg, &e);
}

void pickle_push(struct pickle *pk, struct pickle_value v)
{
	vec_push(&pk->stack, v);
}

/* What lies below the topmost mark is out of reach, as in Python's C unpickler. */
static size_t fence(const struct pickle *pk)
{
	return pk->marks.n ? pk->marks.v[pk->marks.n - 1] : 0;
}

int pickle_pop(struct pickle *pk, struct pickle_value *out, struct mlops_error *err)
{
	if (pk->stack.n <= fence(pk))
		return pickle_fail(pk, err, "the stack is empty");
	*out = pk->stack.v[--pk->stack.n];
	return 0;
}

int pickle_at_mark(struct pickle *pk, struct pickle_value **v, size_t *n, struct mlops_error *err)
{
	if (!pk->marks.n)
		return pickle_fail(pk, err, "there is no mark");
	*v = pk->stack.v + fence(pk);
	*n = pk->stack.n - fence(pk);
	return 0;
}

void pickle_drop_mark(struct pickle *pk)
{
	pk->stack.n = fence(pk);
	pk->marks.n--;
}

int pickle_memo_get(struct pickle *pk, uint64_t index, struct mlops_error *err)
{
	struct pickle_value *far = map_getn(&pk->far_memo, &index, sizeof(index));

	if (far)
		pickle_push(pk, *far);
	else if (index < pk->memo.n && (int)pk->memo.v[index].kind >= 0)
		pickle_push(pk, pk->memo.v[index]);
	else
		return pickle_fail(pk, err, "memo entry %llu is not set", (unsigned long long)index);
	return 0;
}

/* A memo is filled in order; an index far ahead is kept aside, so that it costs no memory. */
int pickle_memo_put(struct pickle *pk, uint64_t index, struct mlops_error *err)
{
	struct pickle_value v;

	if (pickle_pop(pk, &v, err))
		return -1;
	pickle_push(pk, v);
	if (pk->n_memo >= PICKLE_MAX_MEMO)
		return pickle_fail_limit(pk, err);
	if (index > pk->opcodes + 1024) {
		if (pk->far_memo.n >= PICKLE_MAX_NAMES)
			return pickle_fail_limit(pk, err);
		struct pickle_value *far = arena_alloc(&pk->arena, sizeof(*far));

		*far = v;
		pk->n_memo += !map_putn(&pk->far_memo, &index, sizeof(index), far);
		return 0;
	}
	while (pk->memo.n <= index)
		vec_push(&pk->memo, { .kind = (enum pickle_kind)-1 });
	pk->n_memo += (int)pk->memo.v[index].kind < 0;
	pk->memo.v[index] = v;
	return 0;
}

struct pickle_value pickle_str(struct pickle *pk, const char *s, size_t n, bool cut)
{
	struct pickle_value v = { .kind = PICKLE_LOST };

	if (cut || n > PICKLE_KEEP || pk->arena.used > PICKLE_TEXT_BUDGET || memchr(s, 0, n))
		return v;
	v.kind = PICKLE_STR;
	v.str = arena_strndup(&pk->arena, s, n);
	return v;
}

struct pickle_value pickle_tuple(struct pickle *pk, const struct pickle_value *v, size_t n)
{
	static struct pickle_list empty;
	struct pickle_value tuple = { .kind = PICKLE_OPAQUE };

	if (!n)
		return (struct pickle_value){ .kind = PICKLE_TUPLE, .list = &empty };
	if (n > 64 || pk->arena.used > PICKLE_TREE_BUDGET)
		return tuple;
	tuple.kind = PICKLE_TUPLE;
	tuple.list = arena_alloc(&pk->arena, sizeof(*tuple.list) + n * sizeof(*v));
	tuple.list->n = n;
	memcpy(tuple.list->v, v, n * sizeof(*v));
	return tuple;
}

struct pickle_value pickle_new_object(struct pickle *pk, enum pickle_kind kind)
{
	struct pickle_value v = { .kind = kind };

	if (pk->arena.used > PICKLE_TREE_BUDGET)
		return (struct pickle_value){ .kind = kind == PICKLE_DICT ? PICKLE_OPAQUE : PICKLE_LOST };
	v.object = arena_alloc(&pk->arena, sizeof(*v.object));
	return v;
}

void pickle_add_pair(struct pickle *pk, struct pickle_object *o, struct pickle_value k, struct pickle_value v)
{
	if (k.kind != PICKLE_STR || pk->arena.used > PICKLE_TREE_BUDGET)
		return;
	if (o->pairs.n + 2 > o->pairs.cap) {
		size_t cap = o->pairs.cap ? 2 * o->pairs.cap : 8;
		struct pickle_value *more = arena_alloc(&pk->arena, cap * sizeof(*more));

		if (o->pairs.n)
			memcpy(more, o->pairs.v, o->pairs.n * sizeof(*more));
		o->pairs.v = more;
		o->pairs.cap = cap;
	}
	o->pairs.v[o->pairs.n++] = k;
	o->pairs.v[o->pairs.n++] = v;
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
	if (dict->kind != PICKLE_DICT && dict->kind != PICKLE_OBJECT)
		return NULL;
	for (size_t i = dict->object->pairs.n; i >= 2; i -= 2)
		if (!strcmp(dict->object->pairs.v[i - 2].str, key))
			return &dict->object->pairs.v[i - 1];
	return NULL;
}

bool pickle_is_import(const struct pickle_value *v, const char *module, const char *name)
{
	return v->kind == PICKLE_IMPORT && !strcmp(v->import->module, module) &&
	       !strcmp(v->import->name, name);
}

const struct pickle_import *pickle_intern(struct pickle *pk, const char *module, const char *name)
{
	autofree char *key = xasprintf("%s\n%s", module, name);
	struct pickle_import *known = map_get(&pk->imports, key);

	if (known)
		return known;
	known = arena_alloc(&pk->arena, sizeof(*known));
	known->module = arena_strdup(&pk->arena, module);
	known->name = arena_strdup(&pk->arena, name);
	known->trust = pickle_trust(module, name);
	map_put(&pk->imports, key, known);
	return known;
}

/* A line, of which at most PICKLE_LINE bytes are kept; its end is not. */
static int read_line(struct pickle *pk, char *text, size_t *n, bool *cut, struct mlops_error *err)
{
	struct cursor *c = pk->c;
	const uint8_t *p, *nl = NULL;
	size_t got;

	*n = 0;
	*cut = false;
	while (!nl) {
		size_t want = cursor_left(c) < 4096 ? (size_t)cursor_left(c) : 4096;

		if (source_peek(c->src, c->at, want, &p, &got, err))
			return -1;
		if (!got)
			return pickle_fail(pk, err, "the line has no end");
		nl = memchr(p, '\n', got);
		size_t len = nl ? (size_t)(nl - p) : got;
		size_t room = PICKLE_LINE - *n, keep = len < room ? len : room;
		memcpy(text + *n, p, keep);
		*n += keep;
		*cut |= keep < len;
		c->at += len + (nl ? 1 : 0);
	}
	text[*n] = '\0';
	return 0;
}

static int read_bytes(struct pickle *pk, size_t width, bool sign, struct pickle_operand *out,
		      struct mlops_error *err)
{
	const uint8_t *p;

	if (cursor_uint(pk->c, pk->op_name, width, &out->num, err))
		return -1;
	if (sign && out->num > INT32_MAX)
		return pickle_fail(pk, err, "the length is negative");
	out->cut = out->num > PICKLE_KEEP;
	if (out->cut)
		return cursor_skip(pk->c, pk->op_name, out->num, err);
	if (cursor_take(pk->c, pk->op_name, (size_t)out->num, &p, err))
		return -1;
	out->n = (size_t)out->num;
	memcpy(out->text, p, out->n);
	out->text[out->n] = '\0';
	return 0;
}

int pickle_read_operand(struct pickle *pk, enum pickle_arg arg, struct pickle_operand *out,
			struct mlops_error *err)
{
	size_t n;

	out->n = 0;
	out->cut = false;
	switch (arg) {
	case ARG_INVALID:
		return pickle_fail(pk, err, "it is not known");
	case ARG_NONE:
		return 0;
	case ARG_U1:
		return cursor_uint(pk->c, pk->op_name, 1, &out->num, err);
	case ARG_U2:
		return cursor_uint(pk->c, pk->op_name, 2, &out->num, err);
	case ARG_U4:
	case ARG_I4:
		return cursor_uint(pk->c, pk->op_name, 4, &out->num, err);
	case ARG_U8:
		return cursor_uint(pk->c, pk->op_name, 8, &out->num, err);
	case ARG_LINE:
		return read_line(pk, out->text, &out->n, &out->cut, err);
	case ARG_LINE2: {
		bool cut;

		if (read_line(pk, out->text, &out->n, &out->cut, err) ||
		    read_line(pk, out->second, &n, &cut, err))
			return -1;
		out->cut |= cut;
		return 0;
	}
	case ARG_LEN1:
		return read_bytes(pk, 1, false, out, err);
	case ARG_LEN4:
		return read_bytes(pk, 4, false, out, err);
	case ARG_LEN8:
		return read_bytes(pk, 8, false, out, err);
	case ARG_SLEN4:
		return read_bytes(pk, 4, true, out, err);
	}
	return 0;
}

static int step(struct pickle *pk, struct pickle_operand *arg, bool *stop, struct mlops_error *err)
{
	uint64_t op;

	pk->op_at = pk->c->at;
	pk->op_name = "opcode";
	if (cursor_uint(pk->c, "opcode", 1, &op, err))
		return -1;
	if (!pickle_ops[op].name)
		return pickle_fail(pk, err, "0x%02x is not known", (unsigned)op);
	pk->op_name = pickle_ops[op].name;
	pk->opcodes++;
	*stop = op == '.';
	if (pk->stack.n > PICKLE_MAX_STACK || pk->marks.n > PICKLE_MAX_STACK ||
	    pk->imports.n > PICKLE_MAX_NAMES)
		return pickle_fail_limit(pk, err);
	if (pickle_read_operand(pk, pickle_ops[op].arg, arg, err))
		return -1;
	return *stop ? pickle_pop(pk, &pk->top, err) : pickle_exec(pk, (uint8_t)op, arg, err);
}

/* Each walk has a stack and memo of its own; values of earlier ones stay valid. */
static void start(struct pickle *pk, struct cursor *c)
{
	pk->c = c;
	vec_reserve(&pk->stack, 64); /* never NULL, so that an empty range of it is one */
	pk->stack.n = pk->marks.n = pk->memo.n = pk->n_memo = 0;
	map_clear(&pk->far_memo);
	pk->protocol = 0;
	pk->opcodes = 0;
	pk->called = pk->saw_array = pk->too_large = false;
	pk->top = (struct pickle_value){ .kind = PICKLE_OPAQUE };
}

int pickle_walk(struct pickle *pk, struct cursor *c, struct mlops_error *err)
{
	struct pickle_operand arg;
	bool stop = false;

	start(pk, c);
	while (!stop)
		if (step(pk, &arg, &stop, err))
			return -1;
	return 0;
}

void pickle_clear(struct pickle *pk)
{
	vec_free(&pk->stack);
	vec_free(&pk->marks);
	vec_free(&pk->memo);
	map_clear(&pk->far_memo);
	map_clear(&pk->imports);
	arena_clear(&pk->arena);
}
