/*
 * mlops remote verify: whether what the indexes of a remote name is there. What a client has kept of
 * them does not count: all is asked of the remote.
 */
#include "crypto/hash.h"
#include "remote/native/native.h"

struct verifying {
	struct remote *remote;
	struct inventory *inv;
	const struct remote_verify_how *how;
	struct remote_check_counts *counts;
	pthread_mutex_t lock; /* guards counts and report */
	struct map listed;    /* blocks by name -> size plus one */
};

/* One thing at a time, from any thread. */
static void report(struct verifying *v, const char *what, const struct oid *name, const char *fault)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *text = xasprintf("%s %s %s", what, mlops_oid_hex(name, hex), fault);

	pthread_mutex_lock(&v->lock);
	v->counts->damaged++;
	if (v->how->report)
		v->how->report(text, v->how->arg);
	pthread_mutex_unlock(&v->lock);
}

static int add_block(const char *key, const struct key_info *info, void *arg,
		     struct mlops_error *err)
{
	struct verifying *v = arg;
	struct oid name;

	(void)err;
	if (strlen(key) != strlen("blocks/ab/") + MLOPS_OID_HEX - 2)
		return 0;
	autofree char *hex =
		xasprintf("%.2s%s", key + strlen("blocks/"), key + strlen("blocks/ab/"));
	if (mlops_oid_parse(hex, &name))
		map_putn(&v->listed, name.sha256, sizeof(name.sha256),
			 (void *)(uintptr_t)(info->size + 1));
	return 0;
}

static int hash_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)err;
	hasher_update(arg, buf, n);
	return 0;
}

static int read_block(struct verifying *v, const struct oid *name, bool *good,
		      struct mlops_error *err)
{
	struct hasher *hasher;
	char key[BLOCK_KEY];
	struct oid got;

	if (hasher_new(&hasher, err))
		return -1;
	const struct byte_sink sink = { hash_piece, hasher };
	block_key(name, key);
	int rc = v->remote->transport->get(v->remote->conn, key, RANGE_ALL, &sink, err);
	if (!rc)
		hasher_final(hasher, &got);
	hasher_free(hasher);
	*good = !rc && mlops_oid_equal(&got, name);
	return rc;
}

static int check_block(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct verifying *v = arg;
	const struct built_block block = inventory_block(v->inv, (uint32_t)i);
	uintptr_t listed =
		(uintptr_t)map_getn(&v->listed, block.name.sha256, sizeof(block.name.sha256));
	bool good = true;

	(void)r;
	if (inventory_flags(v->inv, (uint32_t)i) & BLOCK_CONDEMNED)
		return 0;
	const char *fault = !listed                  ? "is not there" :
			    listed - 1 != block.size ? "has another size" :
						       NULL;
	if (!fault && v->how->read_data && read_block(v, &block.name, &good, err))
		return -1;
	if (fault || !good) {
		inventory_flag(v->inv, (uint32_t)i, BLOCK_BAD);
		report(v, "block", &block.name, fault ? fault : "has other bytes");
	}
	pthread_mutex_lock(&v->lock);
	v->counts->blocks++;
	v->counts->bytes += block.size;
	pthread_mutex_unlock(&v->lock);
	return 0;
}

/* A list that is in another holds chunks; else one that is in itself would have no end. */
static int check_list(struct verifying *v, const struct piece *at, const struct oid *oid,
		      bool inner, struct mlops_error *err)
{
	autolist l = { 0 };

	/* Which was told, now or when it was marked. */
	if (inventory_flags(v->inv, at->block) & (BLOCK_BAD | BLOCK_CONDEMNED))
		return 0;
	int rc = list_fetch(v->inv, at, &l, err);
	if (!rc && inner && l.kind != LIST_CHUNKS)
		rc = err_set(err, MLOPS_ECORRUPT, "a list of chunks is damaged");
	if (rc) {
		if (err->kind != MLOPS_ECORRUPT && err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		inventory_flag(v->inv, at->block, BLOCK_BAD);
		report(v, "object", oid, "has a damaged list of chunks");
		return 0;
	}
	for (size_t i = 0; l.kind == LIST_LISTS && i < l.parts.n; i++)
		if (check_list(v, &l.parts.v[i].at, oid, true, err))
			return -1;
	return 0;
}

static int check_objects(struct verifying *v, const struct block_index *x, struct mlops_error *err)
{
	struct placed object, found;

	for (uint64_t i = 0; i < x->n_objects; i++) {
		block_index_object(x, i, &object);
		if (!block_index_find(x, &object.oid, &found)) {
			report(v, "object", &object.oid, "has a place that cannot be");
			continue;
		}
		v->counts->objects++;
		found.at.block = x->numbers[found.at.block];
		if (found.size != found.at.raw && check_list(v, &found.at, &object.oid, false, err))
			return -1;
	}
	return 0;
}

static int check_all(struct verifying *v, struct mlops_error *err)
{
	struct inventory *inv = v->inv;

	if (v->remote->transport->list(v->remote->conn, "blocks/", add_block, v, err) ||
	    remote_each(v->remote, inv->blocks.n, check_block, v, err))
		return -1;
	for (size_t i = 0; i < inv->left_out.n; i++)
		report(v, "index", &inv->left_out.v[i], "is damaged or gone");
	for (size_t i = 0; i < inv->indexes.n; i++)
		if (!inv->indexes.v[i]->marked && check_objects(v, inv->indexes.v[i], err))
			return -1;
	return 0;
}

/* What is marked is not relied on: the next push sends it again. */
static int mark_bad(struct verifying *v, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autobuf text = { 0 };
	struct oid ignored;

	strbuf_adds(&text, "mlops marks 1\n");
	for (size_t i = 0; i < v->inv->left_out.n; i++)
		strbuf_addf(&text, "index %s\n", mlops_oid_hex(&v->inv->left_out.v[i], hex));
	for (size_t i = 0; i < v->inv->blocks.n; i++)
		if (v->inv->blocks.v[i].flags & BLOCK_BAD)
			strbuf_addf(&text, "block %s\n",
				    mlops_oid_hex(&v->inv->blocks.v[i].block.name, hex));
	return inventory_put(v->inv, "marks/", &text, &ignored, err) ||
			       inventory_put_names(v->inv, err) ?
		       -1 :
		       0;
}

int mlops_remote_verify(struct project *project, const struct remote_verify_how *how,
			struct remote_check_counts *counts, struct mlops_error *err)
{
	const struct transfer_how transfer = { .remote = how->remote };
	struct verifying v = { .how = how, .counts = counts, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct native *native;
	autoremote *r = NULL;

	*counts = (struct remote_check_counts){ 0 };
	if (remote_open(project, &transfer, &r, err))
		return -1;
	free(steal_ptr(&r->known_dir));
	if (native_open_blocks(r, false, &native, err))
		return -1;
	v.remote = r;
	v.inv = &native->inv;
	int rc = check_all(&v, err);
	if (!rc && how->repair && counts->damaged)
		rc = mark_bad(&v, err);
	map_clear(&v.listed);
	return rc;
}
