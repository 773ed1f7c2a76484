/* Removing what was marked long ago, and blocks that nobody ever named. */
#include "base/fault.h"
#include "remote/native/gc.h"

struct sweeping {
	struct cleaning *cleaning;
	bool *needed; /* blocks of indexes without a mark, of `n` known ones */
	size_t n;
	bool blocks; /* the second pass: of blocks, not of indexes */
	bool spared; /* one that is needed still, by an index that came later */
};

static int remove_key(struct cleaning *c, const char *key, struct mlops_error *err)
{
	if (FAULT("remote.remove"))
		return err_sys(err, "cannot remove '%s' of remote '%s'", key, c->remote->name);
	return c->remote->transport->remove(c->remote->conn, key, err);
}

static int remove_block(struct sweeping *s, const struct oid *name, struct mlops_error *err)
{
	struct cleaning *c = s->cleaning;
	uintptr_t number =
		(uintptr_t)map_getn(&c->inv->numbers, name->sha256, sizeof(name->sha256));
	char key[BLOCK_KEY];

	if (number && number <= s->n && s->needed[number - 1]) {
		s->spared = true;
		return 0;
	}
	block_key(name, key);
	c->counts->removed_blocks++;
	c->counts->removed_bytes += number ? c->inv->blocks.v[number - 1].block.size : 0;
	return remove_key(c, key, err);
}

static int remove_marked(bool is_block, const struct oid *name, void *arg, struct mlops_error *err)
{
	struct sweeping *s = arg;
	char hex[MLOPS_OID_HEX + 1];

	if (is_block != s->blocks)
		return 0;
	if (is_block)
		return remove_block(s, name, err);
	autofree char *key = xasprintf("index/%s", mlops_oid_hex(name, hex));
	return remove_key(s->cleaning, key, err);
}

static int sweep_marks(struct sweeping *s, const struct oid *name, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *key = xasprintf("marks/%s", mlops_oid_hex(name, hex));
	autobuf text = { 0 };

	if (remote_read_key(s->cleaning->remote, key, MARKS_MAX, &text, err))
		return -1;
	s->spared = false;
	for (unsigned pass = 0; pass < 2; pass++) {
		s->blocks = pass;
		if (marks_parse((struct str){ text.buf, text.len }, remove_marked, s, err))
			return -1;
	}
	return s->spared ? 0 : remove_key(s->cleaning, key, err);
}

static void find_needed(struct sweeping *s)
{
	const struct inventory *inv = s->cleaning->inv;

	s->n = inv->blocks.n;
	s->needed = xcalloc(s->n, sizeof(*s->needed));
	for (size_t i = 0; i < inv->indexes.n; i++) {
		const struct block_index *x = inv->indexes.v[i];

		for (uint32_t j = 0; !x->marked && j < x->n_blocks; j++)
			s->needed[x->numbers[j]] = true;
	}
}

struct orphans {
	struct cleaning *cleaning;
	VEC(struct oid) names;
};

static int add_orphan(const char *key, const struct key_info *info, void *arg,
		      struct mlops_error *err)
{
	struct orphans *o = arg;
	struct cleaning *c = o->cleaning;
	struct oid name;

	(void)err;
	if (strlen(key) != strlen("blocks/ab/") + MLOPS_OID_HEX - 2)
		return 0;
	autofree char *hex =
		xasprintf("%.2s%s", key + strlen("blocks/"), key + strlen("blocks/ab/"));
	if (!mlops_oid_parse(hex, &name) || !gc_is_older(c, info, c->how->grace_ms) ||
	    map_getn(&c->inv->numbers, name.sha256, sizeof(name.sha256)))
		return 0;
	vec_push(&o->names, name);
	c->counts->removed_bytes += info->size;
	return 0;
}

static int sweep_orphans(struct sweeping *s, struct mlops_error *err)
{
	struct cleaning *c = s->cleaning;
	struct orphans o = { .cleaning = c };
	int rc = c->remote->transport->list(c->remote->conn, "blocks/", add_orphan, &o, err);

	for (size_t i = 0; i < o.names.n && !rc; i++)
		rc = remove_block(s, &o.names.v[i], err);
	vec_free(&o.names);
	return rc;
}

int gc_sweep(struct cleaning *c, struct mlops_error *err)
{
	struct sweeping s = { .cleaning = c };
	int rc = inventory_load(c->inv, NULL, err) || gc_check_indexes(c, err) ? -1 : 0;

	find_needed(&s);
	for (size_t i = 0; i < c->marks.n && !rc; i++)
		if (gc_is_older(c, &c->marks.v[i].info, c->how->grace_ms))
			rc = sweep_marks(&s, &c->marks.v[i].name, err);
	if (!rc)
		rc = sweep_orphans(&s, err);
	free(s.needed);
	return rc || inventory_put_names(c->inv, err) ? -1 : 0;
}
