/* The table of formats, and mlops_inspect(), which asks each row whether it knows the file. */
#include "base/fs.h"
#include "base/path.h"
#include "registry/formats/format.h"
#include "registry/formats/jsonwalk.h"

#define HEAD 512

/* The order matters: the first that matches reads. Pickle has no sure mark and comes last. */
static const struct format *const formats[] = {
	&format_mlflow, &format_saved_model, &format_huggingface, /* folders */
	&format_safetensors_index, &format_gguf, &format_hdf5, &format_keras, &format_torch,
	&format_npz, &format_npy, &format_safetensors, &format_xgboost_json, &format_xgboost_ubj,
	&format_lightgbm, &format_onnx, &format_pickle,
};

static const struct format *match(const struct probe *p)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i]->match(p))
			return formats[i];
	return NULL;
}

int format_read_source(const struct format *format, struct source *src, const char *path,
		       struct build *b, struct mlops_error *err)
{
	struct probe p = { .path = path, .base = path_base(path), .size = src->size };
	autozip zip = { 0 };
	uint8_t head[HEAD];

	if (source_peek(src, 0, HEAD, &p.head, &p.n_head, err))
		return -1;
	if (p.n_head)
		memcpy(head, p.head, p.n_head);
	p.head = head;
	if (zip_sniff(p.head, p.n_head)) {
		if (zip_open(&zip, src, err))
			return -1;
		p.zip = &zip;
	}
	if (!format)
		format = match(&p);
	if (!format) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' is of no format that is known here", path);
		return err_hint(err, "the formats are listed in: man mlops-model-inspect");
	}
	if (!b->info.format)
		b->info.format = format->name;
	b->info.files++;
	b->info.file_bytes += src->size;
	return format->read(&p, src, b, err);
}

int format_read_file(const struct format *format, const char *path, struct build *b,
		     struct mlops_error *err)
{
	autosource src = { .fd = -1 };

	return source_open(&src, path, err) || format_read_source(format, &src, path, b, err) ? -1 : 0;
}

static int read_dir(const char *path, struct build *b, struct mlops_error *err)
{
	struct probe p = { .path = path, .base = path_base(path), .is_dir = true };
	const struct format *format = match(&p);

	if (!format) {
		err_set(err, MLOPS_ENOTFOUND, "folder '%s' is of no format that is known here", path);
		return err_hint(err, "give one of the files in it");
	}
	b->info.format = format->name;
	return format->read(&p, NULL, b, err);
}

int mlops_inspect(const char *path, struct model_info **out, struct mlops_error *err)
{
	autobuild b = { 0 };

	b.info.path = arena_strdup(&b.arena, path);
	if (fs_is_dir(path) ? read_dir(path, &b, err) : format_read_file(NULL, path, &b, err))
		return -1;
	*out = build_finish(&b);
	return 0;
}

const struct model_pair *mlops_inspect_formats(void)
{
	static struct model_pair pairs[ARRAY_LEN(formats) + 1];

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		pairs[i] = (struct model_pair){ formats[i]->name, formats[i]->help };
	return pairs;
}

int format_json(const char *path, size_t max, struct json **out, struct mlops_error *err)
{
	autobuf text = { 0 };
	autofree char *shown = xasprintf("'%s'", path);

	if (fs_read(path, max, &text, err))
		return -1;
	return jsonwalk_parse(text.buf, text.len, shown, out, err);
}

struct dir_walk {
	bool (*want)(const char *name);
	struct strlist *out;
};

static int add_name(const char *name, void *arg, struct mlops_error *err)
{
	struct dir_walk *w = arg;

	if (w->out->n >= FORMAT_MAX_TENSORS)
		return err_set(err, MLOPS_EINVALID, "there are too many files in the folder");
	if (w->want(name))
		strlist_add(w->out, name);
	return 0;
}

int format_list_dir(const char *dir, bool (*want)(const char *name), struct strlist *out,
		    struct mlops_error *err)
{
	struct dir_walk w = { want, out };

	if (fs_each_name(dir, add_name, &w, err))
		return -1;
	strlist_sort(out);
	return 0;
}
