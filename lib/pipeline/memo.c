/*
 * The note is binary and of this machine: struct head, the names of the parameter files, then a
 * struct object_ref and a path for each file and folder; texts end with a NUL.
 */
#include "pipeline/memo.h"

#include "base/fs.h"
#include "base/xxh.h"
#include "mlops/workspace.h"
#include "pipeline/difference.h"
#include "project/project.h"

#define MEMO_FILE "run/uptodate"
#define MEMO_MAX  ((size_t)256 << 20)
#define TEXT_MAX  ((size_t)64 << 20) /* of mlops.yaml, mlops.lock and parameters together */
#define LOCK_FILE "mlops.lock"

struct head {
	char version[16]; /* of the program */
	uint8_t texts[16];
	uint64_t n_files, n_entries;
};

/* The fingerprint of the files that say what the pipeline is. */
static int fingerprint(struct project *project, const char *const *files, size_t n, uint8_t *out,
		       struct mlops_error *err)
{
	autobuf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		autofree char *path = project_abspath(project, files[i]);

		strbuf_add(&text, files[i], strlen(files[i]) + 1);
		if (!fs_exists(path)) /* a pipeline without stages has no lock */
			strbuf_adds(&text, "none");
		else if (fs_read(path, TEXT_MAX, &text, err))
			return -1;
		strbuf_addf(&text, "%zu", text.len); /* where it ended */
	}
	xxh_128(text.buf, text.len, out);
	return 0;
}

static void add_entry(const struct lock_item *item, struct map *seen, struct strbuf *out,
		      uint64_t *n)
{
	if (map_put(seen, item->path, seen))
		return;
	strbuf_add(out, &item->ref, sizeof(item->ref));
	strbuf_add(out, item->path, strlen(item->path) + 1);
	++*n;
}

static void add_entries(struct session *run, struct strbuf *out, uint64_t *n)
{
	automap seen = { 0 };

	for (size_t i = 0; i < run->pipeline->stages.n; i++) {
		const struct lock_stage *now = &run->states[i].now;

		for (size_t k = 0; k < now->n_deps; k++)
			add_entry(&now->deps[k], &seen, out, n);
		for (size_t k = 0; k < now->n_outs; k++)
			add_entry(&now->outs[k], &seen, out, n);
	}
}

static void list_file(const char *file, struct map *seen, struct strlist *out)
{
	if (!map_put(seen, file, seen))
		strlist_add(out, file);
}

/* All whose text makes the pipeline what it is, each once. */
static void list_files(const struct session *run, struct strlist *out)
{
	const struct pipeline *p = run->pipeline;
	automap seen = { 0 };

	list_file(SPEC_FILE, &seen, out);
	list_file(LOCK_FILE, &seen, out);
	for (size_t i = 0; i < p->included.n; i++)
		list_file(p->included.v[i], &seen, out);
	for (size_t i = 0; i < p->var_files.n; i++)
		list_file(p->var_files.v[i], &seen, out);
	for (size_t i = 0; i < p->stages.n; i++)
		for (size_t k = 0; k < p->stages.v[i].params.n; k++)
			list_file(p->stages.v[i].params.v[k].file, &seen, out);
}

/* What lies in the work tree was compared for every stage, and told nothing. */
static bool is_current(const struct session *run)
{
	for (size_t i = 0; i < run->pipeline->stages.n; i++) {
		const struct state *s = &run->states[i];

		if (!s->done || s->outcome != STAGE_UNCHANGED || s->reason || s->spec->frozen ||
		    s->spec->urls.n || !s->now.name)
			return false;
	}
	return !run->overrides.files.n && !run->how->dry_run && run->pipeline->keep == &keep_own;
}

int memo_write(struct session *run, struct mlops_error *err)
{
	autofree char *path = project_file(run->project, MEMO_FILE);
	struct head head = { .version = MLOPS_VERSION };
	autostrlist files = { 0 };
	autobuf text = { 0 };

	if (!is_current(run))
		return 0;
	list_files(run, &files);
	head.n_files = files.n;
	if (fingerprint(run->project, (const char *const *)files.v, files.n, head.texts, err))
		return -1;
	strbuf_add(&text, &head, sizeof(head));
	for (size_t i = 0; i < files.n; i++)
		strbuf_add(&text, files.v[i], strlen(files.v[i]) + 1);
	add_entries(run, &text, &head.n_entries);
	memcpy(text.buf, &head, sizeof(head));
	strbuf_reserve(&text, sizeof(head.texts));
	xxh_128(text.buf, text.len, (uint8_t *)text.buf + text.len);
	text.len += sizeof(head.texts);
	return fs_write_atomic(path, text.buf, text.len, 0666, err);
}

/* What is left to read of a note that is whole. */
struct reader {
	const char *at, *end;
};

static const char *next_text(struct reader *r)
{
	const char *text = r->at;
	const char *end = memchr(text, '\0', r->end - text);

	if (!end)
		return NULL;
	r->at = end + 1;
	return text;
}

static bool next_entry(struct reader *r, struct object_ref *ref, const char **path)
{
	if ((size_t)(r->end - r->at) < sizeof(*ref))
		return false;
	memcpy(ref, r->at, sizeof(*ref));
	r->at += sizeof(*ref);
	*path = next_text(r);
	return *path;
}

/* False for a note that is damaged, or of another version. */
static bool open_note(const struct strbuf *text, struct head *head, struct reader *r)
{
	uint8_t sum[16];

	if (text->len < sizeof(*head) + sizeof(sum))
		return false;
	memcpy(head, text->buf, sizeof(*head));
	r->at = text->buf + sizeof(*head);
	r->end = text->buf + text->len - sizeof(sum);
	xxh_128(text->buf, text->len - sizeof(sum), sum);
	return !memcmp(sum, r->end, sizeof(sum)) &&
	       !strncmp(head->version, MLOPS_VERSION, sizeof(head->version));
}

static int check_texts(struct project *project, const struct head *head, struct reader *r,
		       bool *same, struct mlops_error *err)
{
	VEC(const char *) files = { 0 };
	uint8_t now[sizeof(head->texts)];
	const char *file = "";

	while (files.n < head->n_files && (file = next_text(r)))
		vec_push(&files, file);
	int rc = file ? fingerprint(project, files.v, files.n, now, err) : 0;
	*same = file && !rc && !memcmp(now, head->texts, sizeof(now));
	vec_free(&files);
	return rc;
}

static int check_entries(struct workspace *ws, const struct head *head, struct reader *r,
			 bool *same, struct mlops_error *err)
{
	*same = true;
	for (uint64_t i = 0; *same && i < head->n_entries; i++) {
		struct object_ref was, now;
		const char *path;

		if (!next_entry(r, &was, &path))
			*same = false;
		else if (mlops_workspace_look(ws, path, false, &now, err))
			return -1;
		else
			*same = object_ref_same(&was, &now);
	}
	return 0;
}

static int check(struct project *project, const struct head *head, struct reader *r, bool *same,
		 struct mlops_error *err)
{
	struct workspace *ws;

	if (check_texts(project, head, r, same, err))
		return -1;
	if (!*same)
		return 0;
	if (mlops_project_lock(project, true, err))
		return -1;
	int rc = mlops_workspace_open(project, &ws, err);
	if (!rc) {
		rc = check_entries(ws, head, r, same, err) || mlops_workspace_commit(ws, err) ? -1 : 0;
		mlops_workspace_close(ws);
	}
	mlops_project_unlock(project);
	return rc;
}

bool mlops_pipeline_is_current(struct project *project)
{
	autofree char *path = project_file(project, MEMO_FILE);
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };
	struct reader r;
	struct head head;
	bool same = false;

	return !fs_read(path, MEMO_MAX, &text, &ignored) && open_note(&text, &head, &r) &&
	       !check(project, &head, &r, &same, &ignored) && same;
}
