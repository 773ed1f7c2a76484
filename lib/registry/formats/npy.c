/* .npy and .npz: the header is a Python dict literal with descr, fortran_order and shape. */
#include "registry/formats/npy.h"

#include "base/num.h"
#include "base/path.h"

bool npy_sniff(const uint8_t *p, size_t n)
{
	return n >= 8 && !memcmp(p, "\x93NUMPY", 6);
}

/* What stands behind 'key': in the literal, or NULL. */
static const char *find_key(const char *text, const char *key)
{
	autofree char *quoted = xasprintf("'%s':", key);
	const char *at = strstr(text, quoted);

	if (!at)
		return NULL;
	at += strlen(quoted);
	return at + strspn(at, " ");
}

static int read_shape(const struct cursor *c, const char *at, struct npy_header *out, struct mlops_error *err)
{
	if (!at || *at++ != '(')
		return cursor_fail(c, "shape", err, "there is none");
	out->rank = 0;
	while (*at && *at != ')') {
		char digits[32];
		size_t n = strspn(at, "0123456789");

		if (!n || n >= sizeof(digits) || out->rank >= FORMAT_MAX_RANK)
			return cursor_fail(c, "shape", err, "it is no tuple of at most %d sizes", FORMAT_MAX_RANK);
		memcpy(digits, at, n);
		digits[n] = '\0';
		if (!num_parse_u64(digits, &out->shape[out->rank++]))
			return cursor_fail(c, "shape", err, "a size is out of range");
		at += n;
		at += strspn(at, "L, ");
	}
	return *at ? 0 : cursor_fail(c, "shape", err, "it has no end");
}

/* A simple type in quotes, or a list of fields; any 'O' in it is an object. */
static int read_descr(const struct cursor *c, const char *at, struct npy_header *out, struct mlops_error *err)
{
	if (!at || (*at != '\'' && *at != '['))
		return cursor_fail(c, "descr", err, "there is none");
	size_t n = strcspn(at + 1, *at == '[' ? "]" : "'");
	size_t keep = n < sizeof(out->descr) ? n : sizeof(out->descr) - 1;
	memcpy(out->descr, at + 1, keep);
	out->descr[keep] = '\0';
	out->objects = false;
	for (const char *o = at; o && *at == '[' && (o = strstr(o, "'|O")); o++)
		out->objects = true;
	if (*at == '\'')
		out->objects = strchr(out->descr, 'O') != NULL;
	return 0;
}

int npy_read(struct source *src, struct npy_header *out, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	autoarena arena = { 0 };
	const uint8_t *p;
	uint64_t n;
	char *text;

	if (cursor_take(&c, "magic", 8, &p, err))
		return -1;
	if (!npy_sniff(p, 8))
		return cursor_fail(&c, "magic", err, "this is no .npy file");
	bool wide = p[6] >= 2;
	if (cursor_uint(&c, "header length", wide ? 4 : 2, &n, err) ||
	    cursor_text(&c, "header", n, NPY_MAX_HEADER, &arena, &text, err))
		return -1;
	out->data_at = c.at;
	return read_descr(&c, find_key(text, "descr"), out, err) ||
	       read_shape(&c, find_key(text, "shape"), out, err) ? -1 : 0;
}

/* Bytes of an element of a simple type; 0 when the spelling does not tell. */
static uint64_t item_size(const char *descr)
{
	uint64_t n;

	if (strlen(descr) < 3 || strpbrk(descr, "(,O") || !num_parse_u64(descr + 2, &n) || n > 1 << 20)
		return descr[0] && descr[1] == 'M' ? 8 : 0;
	return descr[1] == 'U' ? 4 * n : n;
}

static int add_array(struct source *src, const char *name, struct build *b, struct mlops_error *err)
{
	struct npy_header h;

	if (npy_read(src, &h, err))
		return -1;
	struct model_tensor t = { .name = arena_strdup(&b->arena, name),
				  .dtype = arena_strdup(&b->arena, h.objects ? "object" : h.descr),
				  .rank = h.rank };
	t.shape = arena_alloc(&b->arena, h.rank * sizeof(*t.shape));
	memcpy(t.shape, h.shape, h.rank * sizeof(*t.shape));
	if (!shape_elements(t.shape, t.rank, &t.elements) ||
	    __builtin_mul_overflow(t.elements, item_size(h.descr), &t.bytes))
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: the size of the array overflows", name);
	if (src->size != SOURCE_UNKNOWN && t.bytes > src->size - h.data_at)
		return err_set(err, MLOPS_EINVALID, "'%s' is damaged: the array needs %llu bytes, %llu are left",
			       name, (unsigned long long)t.bytes, (unsigned long long)(src->size - h.data_at));
	build_tensor(b, &t);
	return 0;
}

static bool match_npy(const struct probe *p)
{
	return !p->is_dir && npy_sniff(p->head, p->n_head);
}

static int read_npy(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	return add_array(src, p->base, b, err);
}

const struct format format_npy = {
	.name = "npy", .help = "one array of numpy", .match = match_npy, .read = read_npy,
};

static bool match_npz(const struct probe *p)
{
	if (!p->zip || !p->zip->entries.n)
		return false;
	for (size_t i = 0; i < p->zip->entries.n; i++)
		if (!str_ends(p->zip->entries.v[i].name, ".npy"))
			return false;
	return true;
}

static int read_npz(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	(void)src;
	for (size_t i = 0; i < p->zip->entries.n; i++) {
		autosource hold = { .fd = -1 }, member = { .fd = -1 };
		struct zip_entry *e = &p->zip->entries.v[i];
		autofree char *name = xstrndup(e->name, strlen(e->name) - 4);

		if (zip_member(p->zip, e, (uint64_t)1 << 50, &hold, &member, err) ||
		    add_array(&member, name, b, err))
			return -1;
	}
	return 0;
}

const struct format format_npz = {
	.name = "npz", .help = "arrays of numpy in a zip file", .match = match_npz, .read = read_npz,
};
