/* Editing parameter files for one run, and undoing that. */
#include "pipeline/override.h"

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "pipeline/edit.h"
#include "pipeline/values.h"
#include "project/project.h"

#define BACKUP     "run/params.backup"
#define BACKUP_MAX ((size_t)256 << 20)

static struct override *find_file(struct overrides *o, const char *file)
{
	for (size_t i = 0; i < o->files.n; i++)
		if (!strcmp(o->files.v[i].file, file))
			return &o->files.v[i];
	return NULL;
}

const struct strbuf *overrides_text(const struct overrides *o, const char *file)
{
	const struct override *found = find_file((struct overrides *)o, file);

	return found ? &found->after : NULL;
}

/* Whether a parameter of the spec is, holds, or lies in `key`. */
static bool takes_key(const struct spec_param *param, const char *key)
{
	size_t n = param->key ? strlen(param->key) : 0, m = strlen(key);
	size_t common = n < m ? n : m;
	const char *longer = n < m ? key : param->key;

	if (!param->key)
		return true;
	return !strncmp(param->key, key, common) && (n == m || longer[common] == '.');
}

/* The parameter of some stage that `key` of `file` concerns, else any of that file, or NULL. */
static const struct spec_param *find_user(const struct pipeline *p, const char *file,
					  const char *key, bool *takes)
{
	const struct spec_param *of_file = NULL;

	for (size_t i = 0; i < p->stages.n; i++) {
		const struct spec_stage *stage = &p->stages.v[i];

		for (size_t k = 0; k < stage->params.n; k++) {
			if (strcmp(stage->params.v[k].file, file))
				continue;
			of_file = &stage->params.v[k];
			*takes = takes_key(of_file, key);
			if (*takes)
				return of_file;
		}
	}
	return of_file;
}

static int check_used(const struct pipeline *p, const char *file, const char *key,
		      struct mlops_error *err)
{
	bool takes = false;
	const struct spec_param *user = find_user(p, file, key, &takes);

	if (!takes && strlist_has(&p->var_files, file))
		return 0;
	if (!user)
		return err_set(err, MLOPS_ENOTFOUND, "no stage takes parameters from '%s'", file);
	if (user->made)
		return err_set(err, MLOPS_EINVALID, "'%s' is the output of a stage", file);
	if (takes)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "no stage takes parameter '%s' of '%s'", key, file);
	return err_hint(err, "name it in the params of the stage that uses it");
}

/* Splits "file:key=value"; file and key are new, the value is lent. */
static int split_param(const char *text, char **file, char **key, const char **value,
		       struct mlops_error *err)
{
	const char *equals = strchr(text, '=');
	const char *colon = equals ? memchr(text, ':', (size_t)(equals - text)) : NULL;
	const char *name = colon ? colon + 1 : text;

	if (!equals || equals == name)
		return err_set(err, MLOPS_EUSAGE, "'%s' is not of the form KEY=VALUE", text);
	autofree char *typed =
		colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(PARAMS_FILE);
	*file = path_normalize(typed);
	*key = xstrndup(name, (size_t)(equals - name));
	*value = equals + 1;
	return 0;
}

/* Replacing a symlink by a file would be no edit, and JSON (the backup) holds UTF-8 only. */
static int read_file(struct project *project, const char *file, struct strbuf *out,
		     struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);
	struct stat st;

	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a regular file", file);
	if (fs_read(path, VALUES_MAX, out, err))
		return -1;
	if (!utf8_valid(out->buf, out->len))
		return err_set(err, MLOPS_EINVALID, "'%s' is not UTF-8 text", file);
	return 0;
}

static int edited_file(struct project *project, struct overrides *o, const char *file,
		       struct override **out, struct mlops_error *err)
{
	autobuf text = { 0 };

	*out = find_file(o, file);
	if (*out)
		return 0;
	if (read_file(project, file, &text, err))
		return -1;
	vec_push(&o->files, { .file = xstrdup(file) });
	*out = &o->files.v[o->files.n - 1];
	strbuf_add(&(*out)->before, text.buf, text.len);
	strbuf_add(&(*out)->after, text.buf, text.len);
	return 0;
}

static int add_param(struct project *project, const struct pipeline *p, const char *text,
		     struct overrides *o, struct mlops_error *err)
{
	autofree char *file = NULL;
	autofree char *key = NULL;
	const char *value = NULL;
	struct override *edited = NULL;

	if (split_param(text, &file, &key, &value, err) || check_used(p, file, key, err) ||
	    edited_file(project, o, file, &edited, err))
		return -1;
	return edit_scalar(file, &edited->after, key, value, err);
}

int overrides_make(struct project *project, const struct pipeline *p, const char *const *params,
		   size_t n, struct overrides *out, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (add_param(project, p, params[i], out, err))
			return -1;
	return 0;
}

static int write_backup(struct project *project, const struct overrides *o, struct mlops_error *err)
{
	autofree char *path = project_file(project, BACKUP);
	autojson *list = js_arr();
	autobuf text = { 0 };

	for (size_t i = 0; i < o->files.n; i++) {
		const struct override *f = &o->files.v[i];
		struct json *entry = js_obj();

		js_set(entry, "file", js_str(f->file));
		js_set(entry, "before", js_strn(f->before.buf, f->before.len));
		js_set(entry, "after", js_strn(f->after.buf, f->after.len));
		js_push(list, entry);
	}
	js_dump(list, JS_PRETTY, &text);
	return fs_write_atomic(path, text.buf, text.len, 0600, err);
}

/* Replaces the bytes of a file and keeps its mode. */
static int replace(const char *path, const char *bytes, size_t n, struct mlops_error *err)
{
	struct stat st;

	if (stat(path, &st))
		return err_sys(err, "cannot read '%s'", path);
	if (fs_write_atomic(path, bytes, n, st.st_mode & 07777, err))
		return -1;
	if (chmod(path, st.st_mode & 07777))
		return err_sys(err, "cannot set the mode of '%s'", path);
	return 0;
}

int overrides_apply(struct project *project, const struct overrides *o, struct mlops_error *err)
{
	if (!o->files.n)
		return 0;
	if (write_backup(project, o, err))
		return -1;
	for (size_t i = 0; i < o->files.n; i++) {
		const struct override *f = &o->files.v[i];
		autofree char *path = project_abspath(project, f->file);

		if (FAULT("pipeline.params"))
			return err_sys(err, "cannot change '%s'", f->file);
		if (replace(path, f->after.buf, f->after.len, err))
			return -1;
	}
	return 0;
}

static bool is_text(const struct strbuf *buf, const struct json *text)
{
	return buf->len == js_text_len(text) && !memcmp(buf->buf, js_text(text), buf->len);
}

static int undo_file(struct project *project, const struct json *entry, struct mlops_error *err)
{
	const char *file = js_get_text(entry, "file");
	const struct json *before = js_get(entry, "before"), *after = js_get(entry, "after");
	autobuf now = { 0 };
	autoerr gone = ERR_INIT;

	if (!file || !path_is_safe(file) || !js_text(before) || !js_text(after))
		return err_set(err, MLOPS_ECORRUPT, "'.mlops/%s' is damaged", BACKUP);
	autofree char *path = project_abspath(project, file);
	if (!read_file(project, file, &now, &gone)) {
		if (is_text(&now, after))
			return replace(path, js_text(before), js_text_len(before), err);
		if (is_text(&now, before))
			return 0;
	}
	log_warn("'%s' was changed while a run used other parameters; it stays as it is", file);
	return 0;
}

int overrides_undo(struct project *project, struct mlops_error *err)
{
	autofree char *path = project_file(project, BACKUP);
	autobuf text = { 0 };
	autojson *list = NULL;

	if (!fs_exists(path))
		return 0;
	if (fs_read(path, BACKUP_MAX, &text, err) ||
	    js_parse(text.buf, text.len, "the backup of parameters", &list, err))
		return -1;
	for (size_t i = 0; i < js_len(list); i++)
		if (undo_file(project, js_at(list, i), err))
			return -1;
	return fs_remove_tree(path, err);
}

void overrides_clear(struct overrides *o)
{
	for (size_t i = 0; i < o->files.n; i++) {
		free(o->files.v[i].file);
		strbuf_clear(&o->files.v[i].before);
		strbuf_clear(&o->files.v[i].after);
	}
	vec_free(&o->files);
}
