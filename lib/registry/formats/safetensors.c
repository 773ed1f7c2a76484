/* safetensors: eight bytes of header length, a JSON header, the tensors without holes between. */
#include "base/path.h"
#include "registry/formats/format.h"
#include "registry/formats/jsonwalk.h"

#define MAX_HEADER 100000000u /* the limit of the reference implementation */
#define MAX_ENTRY ((size_t)1 << 20)

static const struct {
	const char *name;
	unsigned bits;
} dtypes[] = {
	{ "F64", 64 }, { "F32", 32 }, { "F16", 16 }, { "BF16", 16 }, { "I64", 64 }, { "I32", 32 },
	{ "I16", 16 }, { "I8", 8 }, { "U64", 64 }, { "U32", 32 }, { "U16", 16 }, { "U8", 8 },
	{ "BOOL", 8 }, { "F8_E4M3", 8 }, { "F8_E5M2", 8 }, { "F8_E8M0", 8 }, { "F8_E4M3FNUZ", 8 },
	{ "F8_E5M2FNUZ", 8 }, { "F6_E2M3", 6 }, { "F6_E3M2", 6 }, { "F4", 4 }, { "C64", 64 },
};

struct span {
	uint64_t begin, end;
	const char *name;
};

struct header {
	struct build *b;
	struct cursor c;
	VEC(struct span) spans;
	struct map names;
	const char *file; /* of a shard */
	uint64_t data_at, data_size;
};

static bool match(const struct probe *p)
{
	uint64_t n = 0;

	if (p->is_dir || p->n_head < 9 || p->head[8] != '{')
		return false;
	for (size_t i = 8; i--;)
		n = n << 8 | p->head[i];
	return n <= p->size || str_ends(p->base, ".safetensors");
}

static int read_metadata(struct header *h, const struct json *value, struct mlops_error *err)
{
	struct json *v;
	const char *key;
	void *iter = NULL;

	if (js_type(value) != JSON_OBJ)
		return cursor_fail(&h->c, "__metadata__", err, "it must be an object of texts");
	while (js_next((struct json *)value, &iter, &key, &v)) {
		if (!js_text(v))
			return cursor_fail(&h->c, "__metadata__", err, "the value of '%s' is no text", key);
		build_meta(h->b, key, js_text(v));
	}
	return 0;
}

static int read_shape(struct header *h, const struct json *shape, struct model_tensor *t,
		      struct mlops_error *err)
{
	int64_t n;

	if (js_type(shape) != JSON_ARR || js_len(shape) > FORMAT_MAX_RANK)
		return cursor_fail(&h->c, "shape", err, "'%s' has no list of at most %d sizes", t->name,
				   FORMAT_MAX_RANK);
	t->rank = js_len(shape);
	t->shape = arena_alloc(&h->b->arena, t->rank * sizeof(*t->shape));
	for (size_t i = 0; i < t->rank; i++) {
		if (!js_to_int(js_at(shape, i), &n) || n < 0)
			return cursor_fail(&h->c, "shape", err, "a size of '%s' is no whole number",
					   t->name);
		t->shape[i] = (uint64_t)n;
	}
	if (!shape_elements(t->shape, t->rank, &t->elements))
		return cursor_fail(&h->c, "shape", err, "the size of '%s' overflows", t->name);
	return 0;
}

static int read_dtype(struct header *h, const char *dtype, struct model_tensor *t,
		      struct mlops_error *err)
{
	for (size_t i = 0; dtype && i < ARRAY_LEN(dtypes); i++)
		if (!strcmp(dtype, dtypes[i].name)) {
			t->dtype = dtypes[i].name;
			if (shape_bytes(t->elements, dtypes[i].bits, &t->bytes))
				return 0;
			return cursor_fail(&h->c, "shape", err, "the size of '%s' overflows", t->name);
		}
	return cursor_fail(&h->c, "dtype", err, "'%s' of '%s' is not known", dtype ? dtype : "nothing",
			   t->name);
}

static int read_offsets(struct header *h, const struct json *offsets, struct model_tensor *t,
			struct mlops_error *err)
{
	int64_t begin, end;

	if (js_len(offsets) != 2 || !js_to_int(js_at(offsets, 0), &begin) ||
	    !js_to_int(js_at(offsets, 1), &end) || begin < 0 || end < begin)
		return cursor_fail(&h->c, "data_offsets", err, "those of '%s' are no range", t->name);
	if ((uint64_t)end > h->data_size)
		return cursor_fail(&h->c, "data_offsets", err,
				   "'%s' ends at %lld, behind the %llu bytes of data", t->name,
				   (long long)end, (unsigned long long)h->data_size);
	if ((uint64_t)(end - begin) != t->bytes)
		return cursor_fail(&h->c, "data_offsets", err,
				   "'%s' has %lld bytes, its shape needs %llu", t->name,
				   (long long)(end - begin), (unsigned long long)t->bytes);
	t->at = h->data_at + (uint64_t)begin;
	vec_push(&h->spans, { (uint64_t)begin, (uint64_t)end, t->name });
	return 0;
}

static int read_tensor(struct header *h, const char *name, const struct json *entry,
		       struct mlops_error *err)
{
	struct model_tensor t = { .name = arena_strdup(&h->b->arena, name), .file = h->file };

	if (map_put(&h->names, name, h))
		return cursor_fail(&h->c, "tensor name", err, "'%s' is there twice", name);
	if (h->b->tensors.n >= FORMAT_MAX_TENSORS)
		return cursor_fail(&h->c, "tensor", err, "there are more than %d", FORMAT_MAX_TENSORS);
	if (read_shape(h, js_get(entry, "shape"), &t, err) ||
	    read_dtype(h, js_get_text(entry, "dtype"), &t, err) ||
	    read_offsets(h, js_get(entry, "data_offsets"), &t, err))
		return -1;
	build_tensor(h->b, &t);
	return 0;
}

static int read_entries(struct header *h, struct mlops_error *err)
{
	autobuf key = { 0 };
	int more;

	if (jsonwalk_object(&h->c, "header", err))
		return -1;
	while ((more = jsonwalk_next(&h->c, "header", &key, err)) > 0) {
		autojson *value = NULL;

		if (jsonwalk_value(&h->c, "header", MAX_ENTRY, &value, err))
			return -1;
		if (strcmp(key.buf, "__metadata__") ? read_tensor(h, key.buf, value, err) :
						      read_metadata(h, value, err))
			return -1;
	}
	return more;
}

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* No overlap and no hole: bytes that no tensor names could hide something. */
static int check_spans(struct header *h, struct mlops_error *err)
{
	uint64_t at = 0;

	vec_sort(&h->spans, by_begin);
	for (size_t i = 0; i < h->spans.n; i++) {
		const struct span *s = &h->spans.v[i];

		if (s->begin != at)
			return cursor_fail(&h->c, "data_offsets", err,
					   "'%s' starts at %llu, the tensor before it ends at %llu",
					   s->name, (unsigned long long)s->begin, (unsigned long long)at);
		at = s->end;
	}
	if (at != h->data_size)
		return cursor_fail(&h->c, "data_offsets", err, "%llu bytes behind the last tensor",
				   (unsigned long long)(h->data_size - at));
	return 0;
}

static int read_header(struct header *h, struct source *src, struct mlops_error *err)
{
	uint64_t n;

	h->c = cursor_of(src);
	if (cursor_uint(&h->c, "header length", 8, &n, err))
		return -1;
	if (n > MAX_HEADER || n > cursor_left(&h->c))
		return cursor_fail(&h->c, "header length", err,
				   "%llu is more than the file holds or than %u",
				   (unsigned long long)n, MAX_HEADER);
	h->data_size = cursor_left(&h->c) - n;
	h->data_at = h->c.at + n;
	h->c.end = h->data_at;
	return read_entries(h, err) || check_spans(h, err) ? -1 : 0;
}

static int read_file(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct header h = { .b = b };

	if (b->info.format != format_safetensors.name)
		h.file = arena_strdup(&b->arena, p->base);
	int rc = read_header(&h, src, err);
	vec_free(&h.spans);
	map_clear(&h.names);
	return rc;
}

const struct format format_safetensors = {
	.name = "safetensors", .help = "tensors of Hugging Face models", .match = match, .read = read_file,
};

static bool match_index(const struct probe *p)
{
	return !p->is_dir && str_ends(p->base, ".safetensors.index.json");
}

/* The shards that the map names, each once and in order. */
static int shard_names(const struct probe *p, struct json *map, struct strlist *shards,
		       struct mlops_error *err)
{
	automap seen = { 0 };
	struct json *v;
	const char *tensor;
	void *iter = NULL;

	if (js_type(map) != JSON_OBJ)
		return err_set(err, MLOPS_EINVALID, "'%s' has no weight_map", p->path);
	while (js_next(map, &iter, &tensor, &v)) {
		const char *file = js_text(v);

		if (!file || !path_is_safe_name(file, strlen(file)))
			return err_set(err, MLOPS_EINVALID,
				       "'%s': weight_map names no file of this folder for '%s'", p->path,
				       tensor);
		if (!map_put(&seen, file, map))
			strlist_add(shards, file);
	}
	strlist_sort(shards);
	return 0;
}

/* Every tensor must be in the shard that the map names, and no other may be there. */
static int check_map(const struct probe *p, const struct json *map, const struct build *b,
		     struct mlops_error *err)
{
	if (js_len(map) != b->tensors.n)
		return err_set(err, MLOPS_EINVALID, "'%s' lists %zu tensors, the shards hold %zu",
			       p->path, js_len(map), b->tensors.n);
	for (size_t i = 0; i < b->tensors.n; i++) {
		const char *file = js_get_text(map, b->tensors.v[i].name);

		if (!file || strcmp(file, b->tensors.v[i].file))
			return err_set(err, MLOPS_EINVALID, "'%s' does not list tensor '%s' of '%s'",
				       p->path, b->tensors.v[i].name, b->tensors.v[i].file);
	}
	return 0;
}

static int read_index(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	autofree char *dir = path_dir(p->path);
	autostrlist shards = { 0 };
	autobuf text = { 0 };
	autojson *index = NULL;

	if (source_slurp(src, FORMAT_MAX_JSON, &text, err) ||
	    jsonwalk_parse(text.buf, text.len, p->base, &index, err))
		return -1;
	struct json *map = js_get(index, "weight_map");
	if (shard_names(p, map, &shards, err))
		return -1;
	for (size_t i = 0; i < shards.n; i++) {
		autofree char *path = path_join(dir, shards.v[i]);

		if (format_read_file(&format_safetensors, path, b, err))
			return err_wrap(err, "cannot read a shard");
	}
	build_metaf(b, "shards", "%zu", shards.n);
	return check_map(p, map, b, err);
}

const struct format format_safetensors_index = {
	.name = "safetensors-sharded", .help = "model.safetensors.index.json and its shards",
	.match = match_index, .read = read_index,
};
