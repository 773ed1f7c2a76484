/*
 * All pickles of an item, one behind the other. Events are held back until the walk has shown that
 * the bytes are a pickle: a file that is named as one is taken at its word, in all else a call and
 * globals with the names of such must be there.
 */
#include "registry/pickle/pickle.h"
#include "registry/scan/scan.h"

#define MAX_STREAMS 100000
#define MAX_EVENTS 1000

struct watch {
	struct pickle pk;
	VEC(struct pickle_event) events;
	struct map seen; /* imports that are in `events` */
	struct map safe; /* names, without modules, of imports that are not */
	unsigned kinds;  /* bits of the kinds, but imports, that are in `events` */
	size_t unknown;  /* imports in `events` that are not known to be dangerous */
	bool odd_name;   /* an import with a name that no module has */
	bool imported;
};

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	return n && !s[n] && n < 256 && *s != '.' && !(*s >= '0' && *s <= '9');
}

static void note(void *arg, const struct pickle_event *e)
{
	struct watch *w = arg;

	if (e->kind == PICKLE_E_ARRAY)
		return;
	if (e->kind != PICKLE_E_IMPORT) { /* one of each is enough, and none may crowd out another */
		if (w->kinds & 1u << e->kind)
			return;
		w->kinds |= 1u << e->kind;
	}
	if (e->kind == PICKLE_E_IMPORT) {
		w->imported = true;
		w->odd_name |= !is_name(e->import->module) || !is_name(e->import->name);
		if (e->import->trust == PICKLE_SAFE) {
			map_put(&w->safe, e->import->name, w);
			return;
		}
		if (e->import->trust == PICKLE_UNKNOWN ? w->unknown >= MAX_EVENTS : w->events.n >= 2 * MAX_EVENTS)
			return;
		autofree char *key = xasprintf("%s\n%s", e->import->module, e->import->name);
		if (map_put(&w->seen, key, w))
			return;
		w->unknown += e->import->trust == PICKLE_UNKNOWN;
	}
	struct pickle_event kept = *e;
	if (e->import) { /* an inner pickle's own copy does not live long enough */
		struct pickle_import *copy = arena_alloc(&w->pk.arena, sizeof(*copy));

		copy->module = arena_strdup(&w->pk.arena, e->import->module);
		copy->name = arena_strdup(&w->pk.arena, e->import->name);
		copy->trust = e->import->trust;
		kept.import = copy;
	}
	vec_push(&w->events, kept);
}

static void report(struct scan *s, const struct item *it, const struct pickle_event *e)
{
	switch (e->kind) {
	case PICKLE_E_IMPORT:
		scan_find(s, it, e->import->trust == PICKLE_DANGEROUS ? RULE_PICKLE_DANGEROUS : RULE_PICKLE_UNKNOWN,
			  e->offset, "%s imports %.200s.%.200s", e->opcode, e->import->module, e->import->name);
		return;
	case PICKLE_E_HIDDEN:
		scan_find(s, it, RULE_PICKLE_HIDDEN, e->offset, "%s imports by a computed name", e->opcode);
		return;
	case PICKLE_E_CALL:
		scan_find(s, it, RULE_PICKLE_CALL, e->offset, "%s calls an object that the pickle made", e->opcode);
		return;
	case PICKLE_E_PATCH:
		scan_find(s, it, RULE_PICKLE_PATCH, e->offset, "%s changes %.200s.%.200s", e->opcode,
			  e->import->module, e->import->name);
		return;
	case PICKLE_E_EXTENSION:
		scan_find(s, it, RULE_PICKLE_EXTENSION, e->offset, "%s imports extension %llu", e->opcode,
			  (unsigned long long)e->number);
		return;
	case PICKLE_E_PERSISTENT:
	case PICKLE_E_ARRAY:
		return;
	}
}

/*
 * Read as no joblib array was meant to be read, memo entries are mistaken for each other: a class
 * that was imported before comes up as a module. No such module exists.
 */
static bool is_mistaken(struct watch *w, const struct pickle_event *e)
{
	if (e->kind != PICKLE_E_IMPORT)
		return e->kind != PICKLE_E_HIDDEN;
	return e->import->trust == PICKLE_UNKNOWN && map_get(&w->safe, e->import->module);
}

static void report_all(struct scan *s, const struct item *it, struct watch *w)
{
	for (size_t i = 0; i < w->events.n; i++)
		if (w->pk.joblib || !is_mistaken(w, &w->events.v[i]))
			report(s, it, &w->events.v[i]);
}

/* PyTorch's pickles are full of them, and it says what they mean. */
static void report_persistent(struct scan *s, const struct item *it, struct watch *w)
{
	static const char *const torch[] = { ".pt", ".pth", ".bin", ".ckpt", "data.pkl", NULL };

	for (size_t i = 0; i < w->events.n; i++)
		if (w->events.v[i].kind == PICKLE_E_PERSISTENT && !item_ends(it, torch)) {
			scan_find(s, it, RULE_PICKLE_PERSISTENT, w->events.v[i].offset,
				  "%s: what it gives depends on the program", w->events.v[i].opcode);
			return;
		}
}

static void watch_clear(struct watch *w)
{
	pickle_clear(&w->pk);
	vec_free(&w->events);
	map_clear(&w->seen);
	map_clear(&w->safe);
}

/* One pickle. True when the next one may follow. */
static bool scan_one(struct scan *s, struct item *it, struct cursor *c, bool joblib, enum pickle_sign sign,
		     bool *saw_array)
{
	struct watch w = { .pk = { .event = note, .joblib = joblib } };
	autoerr err = ERR_INIT;
	uint64_t start = c->at;

	w.pk.arg = &w;
	int rc = pickle_walk(&w.pk, c, &err);
	bool is_pickle = sign == SIGN_NAME || (sign == SIGN_MARK && !rc) ||
			 (w.imported && w.pk.called && !w.odd_name);
	*saw_array |= w.pk.saw_array;
	if (is_pickle) {
		report_all(s, it, &w);
		report_persistent(s, it, &w);
	}
	if (w.pk.too_large)
		scan_find(s, it, RULE_PICKLE_LARGE, start, "%s", err.msg);
	else if (rc && sign == SIGN_NAME && joblib)
		scan_find(s, it, RULE_PICKLE_DAMAGED, start, "%s", err.msg);
	watch_clear(&w);
	return !rc;
}

static bool scan_streams(struct scan *s, struct item *it, uint64_t at, bool joblib, enum pickle_sign sign)
{
	struct cursor c = cursor_of(it->src);
	autoerr err = ERR_INIT;
	bool saw_array = false;
	int next;

	c.at = at;
	for (size_t i = 0; i < MAX_STREAMS; i++) {
		/* Behind the first one may stand anything: the raw storages of old PyTorch files. */
		if (!scan_one(s, it, &c, joblib, i ? SIGN_NONE : sign, &saw_array) ||
		    cursor_look(&c, &next, &err) || next < 0)
			return saw_array;
	}
	scan_find(s, it, RULE_NOT_SCANNED, c.at, "there are more than %d pickles", MAX_STREAMS);
	return saw_array;
}

/*
 * Where joblib's arrays stand in the stream, joblib goes on behind them, but pickle.load() would
 * take their bytes for opcodes. Both readings are followed.
 */
void scan_pickles(struct scan *s, struct item *it, uint64_t at, enum pickle_sign sign)
{
	autoerr err = ERR_INIT;

	if (item_rewind(s, it, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	if (!scan_streams(s, it, at, true, sign))
		return;
	if (item_rewind(s, it, &err))
		scan_unreadable(s, it, &err);
	else
		scan_streams(s, it, at, false, SIGN_NONE);
}
