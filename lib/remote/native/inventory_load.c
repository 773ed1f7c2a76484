/* Getting the indexes and marks of a remote, and keeping what never changes. */
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/hash.h"
#include "remote/native/inventory.h"

#define NAMES_KEY       "names" /* which indexes and marks there are, where no listing says so */
#define PENDING_SECONDS (24 * 60 * 60) /* less than gc leaves what nothing names */

static bool oid_of_key(const char *key, const char *prefix, struct oid *out)
{
	return str_starts(key, prefix) && strlen(key + strlen(prefix)) == MLOPS_OID_HEX &&
	       mlops_oid_parse(key + strlen(prefix), out);
}

struct listing {
	const char *prefix;
	struct listed_vec *out;
};

static int list_key(const char *key, const struct key_info *info, void *arg,
		    struct mlops_error *err)
{
	struct listing *l = arg;
	struct oid name;

	(void)err;
	if (oid_of_key(key, l->prefix, &name))
		vec_push(l->out, { name, info ? *info : (struct key_info){ 0 } });
	return 0;
}

/* From a plain web server, which has no listing. */
static int list_names(struct inventory *inv, struct listing *l, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (remote_read_key(inv->remote, NAMES_KEY, MARKS_MAX, &text, err))
		return -1;
	for (struct str rest = { text.buf, text.len }; rest.n;) {
		struct str line = str_split(rest, '\n', &rest);
		autofree char *key = xstrndup(line.p, line.n);

		list_key(key, NULL, l, err);
	}
	return 0;
}

int inventory_list(struct inventory *inv, const char *prefix, struct listed_vec *out,
		   struct mlops_error *err)
{
	struct listing l = { prefix, out };
	struct remote *r = inv->remote;
	autoerr other = ERR_INIT;

	if (!r->transport->list(r->conn, prefix, list_key, &l, err))
		return 0;
	if (list_names(inv, &l, &other))
		return -1;
	mlops_error_clear(err);
	return 0;
}

int inventory_put_names(struct inventory *inv, struct mlops_error *err)
{
	static const char *const prefixes[] = { "marks/", "index/" };
	struct remote *r = inv->remote;
	autobuf text = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct listed_vec names = { 0 };
		struct listing l = { prefixes[i], &names };
		char hex[MLOPS_OID_HEX + 1];

		int rc = r->transport->list(r->conn, prefixes[i], list_key, &l, err);
		for (size_t j = 0; j < names.n; j++)
			strbuf_addf(&text, "%s%s\n", prefixes[i],
				    mlops_oid_hex(&names.v[j].name, hex));
		vec_free(&names);
		if (rc)
			return -1;
	}
	const struct remote_source from = { .buf = text.buf, .fd = -1, .size = text.len };
	const struct key_put put = { .key = NAMES_KEY, .from = &from };
	return r->transport->put(r->conn, &put, err);
}

int inventory_put(struct inventory *inv, const char *prefix, const struct strbuf *bytes,
		  struct oid *name, struct mlops_error *err)
{
	const struct remote_source from = { .buf = bytes->buf, .fd = -1, .size = bytes->len };
	struct remote *r = inv->remote;
	char hex[MLOPS_OID_HEX + 1];

	if (hash_buf(bytes->buf, bytes->len, name, err))
		return -1;
	autofree char *key = xasprintf("%s%s", prefix, mlops_oid_hex(name, hex));
	const struct key_put put = { .key = key, .from = &from, .oid = name };
	return r->transport->put(r->conn, &put, err);
}

bool inventory_is_marked(struct inventory *inv, const struct oid *name)
{
	pthread_mutex_lock(&inv->lock);
	bool marked = map_getn(&inv->marked, name->sha256, sizeof(name->sha256));
	pthread_mutex_unlock(&inv->lock);
	return marked;
}

int inventory_publish(struct inventory *inv, struct index_builder *b, struct strbuf *bytes,
		      struct oid *name, struct mlops_error *err)
{
	index_builder_print(b, bytes);
	if (hash_buf(bytes->buf, bytes->len, name, err))
		return -1;
	if (inventory_is_marked(inv, name)) {
		b->salt = (uint32_t)rand_u64();
		strbuf_trunc(bytes, 0);
		index_builder_print(b, bytes);
	}
	if (bytes->len > INDEX_MAX)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' holds too many objects for one index",
			       inv->remote->name);
	return inventory_put(inv, "index/", bytes, name, err);
}

static char *kept_path(const struct inventory *inv, const struct oid *name)
{
	char hex[MLOPS_OID_HEX + 1];

	return inv->dir ? xasprintf("%s/index/%s", inv->dir, mlops_oid_hex(name, hex)) : NULL;
}

char *inventory_pending_path(const struct inventory *inv, const struct oid *block)
{
	char hex[MLOPS_OID_HEX + 1];

	return inv->dir ? xasprintf("%s/pending/%s", inv->dir, mlops_oid_hex(block, hex)) : NULL;
}

bool inventory_keep(struct inventory *inv, const struct oid *name, const void *p, size_t n,
		    struct block_index **out)
{
	autofree char *path = kept_path(inv, name);
	autoerr ignored = ERR_INIT;

	return path && !fs_mkdirs_for(path, &ignored) &&
	       !fs_write_atomic(path, p, n, 0666, &ignored) &&
	       !block_index_map(path, out, &ignored);
}

/* Fetches a key that is named by its hash. */
static int fetch_named(struct inventory *inv, const char *prefix, const struct oid *name,
		       size_t max, struct strbuf *out, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autofree char *key = xasprintf("%s%s", prefix, mlops_oid_hex(name, hex));
	struct oid got;

	if (remote_read_key(inv->remote, key, max, out, err) ||
	    hash_buf(out->buf ? out->buf : "", out->len, &got, err))
		return -1;
	return mlops_oid_equal(&got, name) ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT, "'%s' of remote '%s' is damaged", key,
			       inv->remote->name);
}

struct loading {
	struct inventory *inv;
	struct listed_vec names;
	struct block_index **got;
};

static bool is_damage(const struct mlops_error *err)
{
	return err->kind == MLOPS_ECORRUPT || err->kind == MLOPS_ENOTFOUND;
}

/* What is damaged or gone is left out: its objects are not there then, and can be sent again. */
static int leave_out(struct inventory *inv, const struct oid *name, struct mlops_error *err)
{
	if (!is_damage(err))
		return -1;
	pthread_mutex_lock(&inv->lock);
	bool told = map_getn(&inv->marked, name->sha256, sizeof(name->sha256));
	if (!told)
		vec_push(&inv->left_out, *name);
	pthread_mutex_unlock(&inv->lock);
	if (!told)
		log_warn("%s; what it tells of is left out", err->msg);
	mlops_error_clear(err);
	return 0;
}

static int load_index(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct loading *l = arg;
	const struct listed *listed = &l->names.v[i];
	const struct oid *name = &listed->name;
	autofree char *path = kept_path(l->inv, name);
	autobuf bytes = { 0 };

	(void)r;
	if (path && fs_exists(path) && !block_index_map(path, &l->got[i], err)) {
		/* What is there is not what was kept when it has another size. */
		if (!listed->info.found || listed->info.size == l->got[i]->n)
			return 0;
		block_index_free(steal_ptr(&l->got[i]));
	}
	mlops_error_clear(err);
	if (fetch_named(l->inv, "index/", name, INDEX_MAX, &bytes, err))
		return leave_out(l->inv, name, err);
	size_t n = bytes.len;
	if (inventory_keep(l->inv, name, bytes.buf, n, &l->got[i]))
		return 0;
	return block_index_parse(strbuf_steal(&bytes), n, &l->got[i], err) ?
		       leave_out(l->inv, name, err) :
		       0;
}

static bool is_known(const struct inventory *inv, const struct oid *name)
{
	for (size_t i = 0; i < inv->indexes.n; i++)
		if (mlops_oid_equal(&inv->indexes.v[i]->name, name))
			return true;
	return false;
}

static int load_indexes(struct inventory *inv, struct mlops_error *err)
{
	struct loading l = { .inv = inv };
	struct listed_vec all = { 0 };
	int rc = inventory_list(inv, "index/", &all, err);

	for (size_t i = 0; i < all.n && !rc; i++)
		if (!is_known(inv, &all.v[i].name))
			vec_push(&l.names, all.v[i]);
	l.got = xcalloc(l.names.n, sizeof(*l.got));
	if (!rc)
		rc = remote_each(inv->remote, l.names.n, load_index, &l, err);
	for (size_t i = 0; i < l.names.n; i++) {
		if (!l.got[i])
			continue;
		l.got[i]->name = l.names.v[i].name;
		inventory_add(inv, l.got[i]);
	}
	free(l.got);
	vec_free(&l.names);
	vec_free(&all);
	return rc;
}

int marks_parse(struct str text, int (*fn)(bool, const struct oid *, void *, struct mlops_error *),
		void *arg, struct mlops_error *err)
{
	struct str first = str_split(text, '\n', &text);

	if (!str_eq(first, "mlops marks 1"))
		return err_set(err, MLOPS_ECORRUPT, "a file of marks does not begin as one");
	while (text.n) {
		struct str line = str_split(text, '\n', &text);
		autofree char *copy = xstrndup(line.p, line.n);
		bool is_block = str_starts(copy, "block ");
		struct oid name;

		if ((!is_block && !str_starts(copy, "index ")) ||
		    !mlops_oid_parse(copy + strlen("block "), &name))
			return err_set(err, MLOPS_ECORRUPT, "a file of marks has a line of '%.20s'",
				       copy);
		if (fn(is_block, &name, arg, err))
			return -1;
	}
	return 0;
}

static int mark(bool is_block, const struct oid *name, void *arg, struct mlops_error *err)
{
	struct inventory *inv = arg;

	(void)is_block, (void)err;
	map_putn(&inv->marked, name->sha256, sizeof(name->sha256), inv);
	return 0;
}

static int load_marks(struct inventory *inv, bool *changed, struct mlops_error *err)
{
	struct listed_vec names = { 0 };
	int rc = inventory_list(inv, "marks/", &names, err);

	*changed = false;
	for (size_t i = 0; i < names.n && !rc; i++) {
		const struct oid *name = &names.v[i].name;
		autobuf text = { 0 };

		if (map_getn(&inv->marks, name->sha256, sizeof(name->sha256)))
			continue;
		if (fetch_named(inv, "marks/", name, MARKS_MAX, &text, err) ||
		    marks_parse((struct str){ text.buf, text.len }, mark, inv, err)) {
			rc = is_damage(err) ? 0 : -1; /* an older gc's, which is through with it */
			if (!rc)
				mlops_error_clear(err);
			continue;
		}
		map_putn(&inv->marks, name->sha256, sizeof(name->sha256), inv);
		*changed = true;
	}
	vec_free(&names);
	return rc;
}

static void apply_marks(struct inventory *inv)
{
	for (size_t i = 0; i < inv->indexes.n; i++) {
		struct block_index *x = inv->indexes.v[i];

		x->marked = map_getn(&inv->marked, x->name.sha256, sizeof(x->name.sha256));
	}
	for (size_t i = 0; i < inv->blocks.n; i++) {
		struct known_block *b = &inv->blocks.v[i];

		if (map_getn(&inv->marked, b->block.name.sha256, sizeof(b->block.name.sha256)))
			b->flags |= BLOCK_CONDEMNED;
	}
}

struct pruning {
	const struct inventory *inv;
	const char *dir;
};

static int prune_one(const char *name, void *arg, struct mlops_error *err)
{
	const struct pruning *p = arg;
	struct oid oid;

	(void)err;
	if (!mlops_oid_parse(name, &oid) || is_known(p->inv, &oid))
		return 0;
	autofree char *path = path_join(p->dir, name);
	unlink(path);
	return 0;
}

/* What the remote has no more. */
static void prune(const struct inventory *inv)
{
	autofree char *dir = inv->dir ? path_join(inv->dir, "index") : NULL;
	struct pruning p = { inv, dir };
	autoerr ignored = ERR_INIT;

	if (dir)
		fs_each_name(dir, prune_one, &p, &ignored);
}

/* Marks are asked for first: what replaces an index is there before the mark is. */
int inventory_load(struct inventory *inv, bool *changed, struct mlops_error *err)
{
	bool news;

	if (load_marks(inv, &news, err) || load_indexes(inv, err))
		return -1;
	apply_marks(inv);
	if (!inv->loaded)
		prune(inv);
	inv->loaded = true;
	if (changed)
		*changed = news;
	return 0;
}

struct resuming {
	struct inventory *inv;
	const char *dir;
	struct strlist names;
	struct block_index **got;
};

static int add_pending(const char *name, void *arg, struct mlops_error *err)
{
	struct resuming *s = arg;
	autofree char *path = path_join(s->dir, name);
	struct stat st;
	struct oid oid;

	(void)err;
	if (!mlops_oid_parse(name, &oid) || lstat(path, &st))
		return 0;
	if (st.st_mtime + PENDING_SECONDS < time(NULL))
		unlink(path);
	else
		strlist_add(&s->names, name);
	return 0;
}

/* Something of the block that an index of it alone names. */
static bool first_piece(const struct block_index *x, struct piece *out)
{
	struct placed object;

	if (x->n_objects) {
		block_index_object(x, 0, &object);
		*out = object.at;
	} else if (x->n_lists) {
		block_index_list(x, 0, out);
	} else {
		return false;
	}
	return out->block < x->n_blocks && out->raw <= PACK_OBJECT_MAX && out->stored <= out->raw;
}

/* The block must still be there; the note is only ours. */
static int check_pending(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct resuming *s = arg;
	autofree char *path = path_join(s->dir, s->names.v[i]), *raw = NULL;
	struct block_index *x;
	struct piece at;
	struct oid block, name;
	uint64_t size;

	(void)err;
	autoerr why = ERR_INIT;
	if (block_index_map(path, &x, &why)) {
		unlink(path);
		return 0;
	}
	if (first_piece(x, &at)) {
		block_index_block(x, at.block, &block, &size);
		if (!piece_fetch(r, &block, &at, &name, &raw, &why)) {
			x->pending = true;
			s->got[i] = x;
			return 0;
		}
	}
	block_index_free(x);
	unlink(path);
	return 0;
}

int inventory_resume(struct inventory *inv, struct mlops_error *err)
{
	autofree char *dir = inv->dir ? path_join(inv->dir, "pending") : NULL;
	struct resuming s = { .inv = inv, .dir = dir };
	autoerr none = ERR_INIT;

	if (inv->resumed || !dir)
		return 0;
	fs_each_name(dir, add_pending, &s, &none);
	s.got = xcalloc(s.names.n, sizeof(*s.got));
	int rc = remote_each(inv->remote, s.names.n, check_pending, &s, err);
	for (size_t i = 0; i < s.names.n; i++)
		if (s.got[i])
			inventory_add(inv, s.got[i]);
	inv->resumed = !rc;
	free(s.got);
	strlist_clear(&s.names);
	return rc;
}
