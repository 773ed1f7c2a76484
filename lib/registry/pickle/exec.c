/* What each opcode does to stack and memo. */
#include "base/num.h"
#include "registry/pickle/vm.h"

static const struct pickle_value opaque = { .kind = PICKLE_OPAQUE };

static int push(struct pickle *pk, struct pickle_value v)
{
	pickle_push(pk, v);
	return 0;
}

static int push_int(struct pickle *pk, int64_t n)
{
	return push(pk, (struct pickle_value){ .kind = PICKLE_INT, .num = n });
}

static int push_bool(struct pickle *pk, bool b)
{
	return push(pk, (struct pickle_value){ .kind = PICKLE_BOOL, .num = b });
}

static struct pickle_value import(struct pickle *pk, const char *module, const char *name)
{
	struct pickle_value v = { .kind = PICKLE_IMPORT, .import = pickle_intern(pk, module, name) };

	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_IMPORT, .import = v.import });
	return v;
}

/* As Python's own codec: octal, hex and the letters; what it does not know stays. */
static size_t unescape(char *s, size_t n)
{
	static const char letters[] = "n\nt\tr\ra\ab\bf\fv\v\\\\'\'\"\"";
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\' || i + 1 >= n) {
			s[out++] = s[i];
			continue;
		}
		char c = s[++i];
		const char *known = NULL;
		for (const char *l = letters; *l; l += 2)
			known = *l == c ? l + 1 : known;
		unsigned value;
		int used = 0;
		if (c >= '0' && c <= '7' && sscanf(s + i, "%3o%n", &value, &used) == 1) {
			s[out++] = (char)value;
			i += (size_t)used - 1;
		} else if (c == 'x' && sscanf(s + i + 1, "%2x%n", &value, &used) == 1) {
			s[out++] = (char)value;
			i += (size_t)used;
		} else if (known) {
			s[out++] = *known;
		} else {
			s[out++] = '\\';
			s[out++] = c;
		}
	}
	return out;
}

/* Only \uXXXX and \UXXXXXXXX mean something in a UNICODE line. What is not ASCII names no module. */
static size_t unescape_unicode(char *s, size_t n, bool *lost)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned value;
		int used = 0;
		bool wide = i + 1 < n && s[i] == '\\' && s[i + 1] == 'U';

		if (i + 1 < n && s[i] == '\\' && (s[i + 1] == 'u' || wide) &&
		    sscanf(s + i + 2, wide ? "%8x%n" : "%4x%n", &value, &used) == 1) {
			*lost |= value > 126;
			s[out++] = (char)value;
			i += (size_t)used + 1;
		} else {
			s[out++] = s[i];
		}
	}
	return out;
}

static int exec_string(struct pickle *pk, struct pickle_operand *arg, struct mlops_error *err)
{
	char *s = arg->text;

	if (!arg->cut && (arg->n < 2 || s[0] != s[arg->n - 1] || (s[0] != '\'' && s[0] != '"')))
		return pickle_fail(pk, err, "the text has no quotes");
	size_t n = arg->cut ? 0 : unescape(s + 1, arg->n - 2);
	return push(pk, pickle_str(pk, s + 1, n, arg->cut));
}

static int exec_unicode(struct pickle *pk, struct pickle_operand *arg)
{
	bool lost = arg->cut;
	size_t n = unescape_unicode(arg->text, arg->n, &lost);

	return push(pk, pickle_str(pk, arg->text, n, lost));
}

static int exec_int_line(struct pickle *pk, struct pickle_operand *arg, struct mlops_error *err)
{
	int64_t n;

	if (!strcmp(arg->text, "00") || !strcmp(arg->text, "01"))
		return push_bool(pk, arg->text[1] == '1');
	if (arg->n && arg->text[arg->n - 1] == 'L')
		arg->text[--arg->n] = '\0';
	if (num_parse_i64(arg->text, &n))
		return push_int(pk, n);
	for (size_t i = arg->text[0] == '-'; i < arg->n; i++)
		if ((arg->text[i] < '0' || arg->text[i] > '9') && arg->text[i] != '_' && arg->text[i] != ' ')
			return pickle_fail(pk, err, "it is no number");
	return push(pk, opaque);
}

static int exec_long(struct pickle *pk, const struct pickle_operand *arg)
{
	uint64_t v = arg->n && arg->text[arg->n - 1] & 0x80 ? UINT64_MAX : 0;

	if (arg->cut || arg->n > 8)
		return push(pk, opaque);
	for (size_t i = arg->n; i--;)
		v = v << 8 | (uint8_t)arg->text[i];
	return push_int(pk, (int64_t)v);
}

static int exec_stack_global(struct pickle *pk, struct mlops_error *err)
{
	struct pickle_value module, name;

	if (pickle_pop(pk, &name, err) || pickle_pop(pk, &module, err))
		return -1;
	if (module.kind == PICKLE_STR && name.kind == PICKLE_STR)
		return push(pk, import(pk, module.str, name.str));
	/* Python takes nothing but exact strings, which only these two can be. */
	for (int i = 0; i < 2; i++) {
		const struct pickle_value *v = i ? &name : &module;

		if (v->kind != PICKLE_STR && v->kind != PICKLE_LOST && v->kind != PICKLE_PERSISTENT &&
		    !(v->kind == PICKLE_OBJECT && v->object->by_reduce))
			return pickle_fail(pk, err, "it needs two texts");
	}
	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_HIDDEN });
	return push(pk, (struct pickle_value){ .kind = PICKLE_LOST });
}

/* A call: what it gives is an object that remembers the call. */
static int call(struct pickle *pk, struct pickle_value callable, struct pickle_value args, bool reduce)
{
	struct pickle_value v = pickle_new_object(pk, PICKLE_OBJECT);

	pk->called = true;
	if (callable.kind != PICKLE_IMPORT)
		pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_CALL });
	if (v.kind == PICKLE_OBJECT) {
		v.object->callable = callable;
		v.object->args = args;
		v.object->by_reduce = reduce;
	}
	return push(pk, v);
}

static int exec_call(struct pickle *pk, uint8_t op, struct mlops_error *err)
{
	struct pickle_value callable, args, kwargs;

	if (op == 0x92 && pickle_pop(pk, &kwargs, err))
		return -1;
	if (pickle_pop(pk, &args, err) || pickle_pop(pk, &callable, err))
		return -1;
	return call(pk, callable, args, op == 'R');
}

/* INST and OBJ take what lies above the mark as arguments; OBJ the class with it. */
static int exec_instance(struct pickle *pk, uint8_t op, struct pickle_operand *arg, struct mlops_error *err)
{
	struct pickle_value *v, callable;
	size_t n;

	if (pickle_at_mark(pk, &v, &n, err))
		return -1;
	if (op == 'o' && !n)
		return pickle_fail(pk, err, "there is no class");
	size_t first = op == 'o';
	struct pickle_value args = pickle_tuple(pk, v + first, n - first);
	callable = first ? v[0] : opaque;
	pickle_drop_mark(pk);
	if (op == 'i')
		callable = import(pk, arg->text, arg->second);
	return call(pk, callable, args, true);
}

/* What was imported is shared by the whole program: to change it is to change the program. */
static void check_target(struct pickle *pk, const struct pickle_value *target)
{
	if (target->kind == PICKLE_IMPORT)
		pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_PATCH, .import = target->import });
}

static int exec_build(struct pickle *pk, struct mlops_error *err)
{
	struct pickle_value state, target;

	if (pickle_pop(pk, &state, err) || pickle_pop(pk, &target, err))
		return -1;
	pickle_push(pk, target);
	pk->called = true;
	check_target(pk, &target);
	if (target.kind != PICKLE_OBJECT)
		return 0;
	target.object->state = state;
	if (pk->joblib && pickle_is_import(&target.object->callable, "joblib.numpy_pickle", "NumpyArrayWrapper"))
		return pickle_joblib_array(pk, target.object, err);
	return 0;
}

/* Adds n values to the container under them: as pairs, or as items that are not kept. */
static void add_all(struct pickle *pk, struct pickle_value target, const struct pickle_value *v, size_t n,
		    bool pairs)
{
	check_target(pk, &target);
	if (!pairs || (target.kind != PICKLE_DICT && target.kind != PICKLE_OBJECT))
		return;
	for (size_t i = 0; i + 1 < n; i += 2)
		pickle_add_pair(pk, target.object, v[i], v[i + 1]);
}

static int exec_add_many(struct pickle *pk, bool pairs, struct mlops_error *err)
{
	struct pickle_value *v;
	size_t n, below = pk->marks.n > 1 ? pk->marks.v[pk->marks.n - 2] : 0;

	if (pickle_at_mark(pk, &v, &n, err))
		return -1;
	if (pk->marks.v[pk->marks.n - 1] <= below)
		return pickle_fail(pk, err, "there is nothing to add to");
	if (pairs && n % 2)
		return pickle_fail(pk, err, "a key has no value");
	add_all(pk, v[-1], v, n, pairs);
	pickle_drop_mark(pk);
	return 0;
}

static int exec_add_one(struct pickle *pk, bool pair, struct mlops_error *err)
{
	struct pickle_value v[2], target;

	if (pickle_pop(pk, &v[1], err) || (pair && pickle_pop(pk, &v[0], err)) ||
	    pickle_pop(pk, &target, err))
		return -1;
	add_all(pk, target, v, 2, pair);
	return push(pk, target);
}

/* A container made of what lies above the mark. */
static int exec_collect(struct pickle *pk, uint8_t op, struct mlops_error *err)
{
	struct pickle_value *v, made = opaque;
	size_t n;

	if (pickle_at_mark(pk, &v, &n, err))
		return -1;
	if (op == 't')
		made = pickle_tuple(pk, v, n);
	if (op == 'd' && n % 2)
		return pickle_fail(pk, err, "a key has no value");
	if (op == 'd')
		made = pickle_new_object(pk, PICKLE_DICT);
	if (made.kind == PICKLE_DICT)
		add_all(pk, made, v, n, true);
	pickle_drop_mark(pk);
	return op == '1' ? 0 : push(pk, made);
}

static int exec_small_tuple(struct pickle *pk, size_t n, struct mlops_error *err)
{
	struct pickle_value v[3];

	for (size_t i = n; i--;)
		if (pickle_pop(pk, &v[i], err))
			return -1;
	return push(pk, pickle_tuple(pk, v, n));
}

static int exec_pop(struct pickle *pk, struct mlops_error *err)
{
	struct pickle_value v;

	if (pk->marks.n && pk->marks.v[pk->marks.n - 1] == pk->stack.n) {
		pk->marks.n--;
		return 0;
	}
	return pickle_pop(pk, &v, err);
}

static int exec_persistent(struct pickle *pk, bool from_stack, struct mlops_error *err)
{
	struct pickle_value id = opaque;

	if (from_stack && pickle_pop(pk, &id, err))
		return -1;
	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_PERSISTENT });
	struct pickle_value v = pickle_tuple(pk, &id, 1);
	v.kind = v.kind == PICKLE_TUPLE ? PICKLE_PERSISTENT : PICKLE_LOST;
	return push(pk, v);
}

static int exec_extension(struct pickle *pk, uint64_t number)
{
	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_EXTENSION, .number = number });
	return push(pk, (struct pickle_value){ .kind = PICKLE_LOST });
}

static int exec_memo_line(struct pickle *pk, uint8_t op, const struct pickle_operand *arg,
			  struct mlops_error *err)
{
	uint64_t index;

	if (!num_parse_u64(arg->text, &index))
		return pickle_fail(pk, err, "the index is no number");
	return op == 'g' ? pickle_memo_get(pk, index, err) : pickle_memo_put(pk, index, err);
}

static int exec_global(struct pickle *pk, const struct pickle_operand *arg)
{
	if (!arg->cut)
		return push(pk, import(pk, arg->text, arg->second));
	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_HIDDEN });
	return push(pk, (struct pickle_value){ .kind = PICKLE_LOST });
}

static int exec_proto(struct pickle *pk, uint64_t protocol, struct mlops_error *err)
{
	if (protocol > 5)
		return pickle_fail(pk, err, "protocol %u is not known", (unsigned)protocol);
	pk->protocol = (int)protocol;
	return 0;
}

static int exec_dup(struct pickle *pk, struct mlops_error *err)
{
	struct pickle_value v;

	if (pickle_pop(pk, &v, err))
		return -1;
	pickle_push(pk, v);
	return push(pk, v);
}

static int exec_need(struct pickle *pk, struct mlops_error *err)
{
	struct pickle_value v;

	return pickle_pop(pk, &v, err) ? -1 : push(pk, v);
}

/* Opcodes that push a value of their own; *known is false of all else. */
static int exec_value(struct pickle *pk, uint8_t op, struct pickle_operand *arg, bool *known,
		      struct mlops_error *err)
{
	*known = true;
	switch (op) {
	case 'I': case 'L':
		return exec_int_line(pk, arg, err);
	case 'J':
		return push_int(pk, (int32_t)arg->num);
	case 'K': case 'M':
		return push_int(pk, (int64_t)arg->num);
	case 0x8a: case 0x8b:
		return exec_long(pk, arg);
	case 'N':
		return push(pk, (struct pickle_value){ .kind = PICKLE_NONE });
	case 0x88: case 0x89:
		return push_bool(pk, op == 0x88);
	case 'F': case 'G': case 'B': case 'C': case 0x8e: case 0x96: case 0x97: case ']': case 0x8f:
		return push(pk, opaque);
	case 'S':
		return exec_string(pk, arg, err);
	case 'V':
		return exec_unicode(pk, arg);
	case 'T': case 'U': case 'X': case 0x8c: case 0x8d:
		return push(pk, pickle_str(pk, arg->text, arg->n, arg->cut));
	case '}':
		return push(pk, pickle_new_object(pk, PICKLE_DICT));
	case ')':
		return push(pk, pickle_tuple(pk, NULL, 0));
	}
	*known = false;
	return 0;
}

int pickle_exec(struct pickle *pk, uint8_t op, struct pickle_operand *arg, struct mlops_error *err)
{
	bool known;
	int rc = exec_value(pk, op, arg, &known, err);

	if (known)
		return rc;
	switch (op) {
	case '(':
		vec_push(&pk->marks, pk->stack.n);
		return 0;
	case '0':
		return exec_pop(pk, err);
	case '1': case 't': case 'l': case 'd': case 0x91:
		return exec_collect(pk, op, err);
	case '2':
		return exec_dup(pk, err);
	case 0x85: case 0x86: case 0x87:
		return exec_small_tuple(pk, op - 0x84u, err);
	case 'a': case 's':
		return exec_add_one(pk, op == 's', err);
	case 'e': case 0x90: case 'u':
		return exec_add_many(pk, op == 'u', err);
	case 'c':
		return exec_global(pk, arg);
	case 0x93:
		return exec_stack_global(pk, err);
	case 'R': case 0x81: case 0x92:
		return exec_call(pk, op, err);
	case 'i': case 'o':
		return exec_instance(pk, op, arg, err);
	case 'b':
		return exec_build(pk, err);
	case 'P': case 'Q':
		return exec_persistent(pk, op == 'Q', err);
	case 0x82: case 0x83: case 0x84:
		return exec_extension(pk, arg->num);
	case 'g': case 'p':
		return exec_memo_line(pk, op, arg, err);
	case 'h': case 'j':
		return pickle_memo_get(pk, arg->num, err);
	case 'q': case 'r':
		return pickle_memo_put(pk, arg->num, err);
	case 0x94:
		return pickle_memo_put(pk, pk->n_memo, err);
	case 0x80:
		return exec_proto(pk, arg->num, err);
	case 0x98:
		return exec_need(pk, err);
	}
	return 0; /* FRAME */
}
