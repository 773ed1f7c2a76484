/*
 * What a stage reads goes through the project's remote: each dependency as the object that it is, and
 * one tar archive of the code, in which pointers tell of the dependencies. What comes back is one
 * folder of all outs.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "fmt/yaml.h"
#include "mlops/remote.h"
#include "mlops/store.h"
#include "mlops/workspace.h"
#include "pipeline/engines/kubernetes.h"
#include "pipeline/used.h"

#define PLACE    ".mlops/offload" /* in the archive, where no file of the project can be */
#define SAID_MAX 4096
#define LIST_MAX ((size_t)1 << 30)

static void format_pointer(const char *name, const struct object_ref *ref, struct strbuf *out)
{
	struct yaml_out *y = yaml_out_new(out);

	yaml_map(y);
	yaml_put_int(y, "mlops", 1);
	yaml_put_text(y, "path", name);
	object_ref_write(y, ref);
	yaml_end(y);
	yaml_out_free(y);
}

struct sending {
	const struct engine_call *call;
	char *scratch;
	VEC(struct object_ref) refs; /* all that the pod is to fetch; the archive is the last */
	struct strbuf place;         /* the script that moves what was fetched to its path */
	struct strbuf list;          /* files for tar, a NUL behind each */
};

static int write_into(const struct sending *s, const char *name, const struct strbuf *text,
		      struct mlops_error *err)
{
	autofree char *file = xasprintf("%s/" PLACE "/%s", s->scratch, name);

	if (fs_mkdirs_for(file, err))
		return -1;
	return fs_write_atomic(file, text->buf ? text->buf : "", text->len, 0644, err);
}

static int add_object(struct sending *s, struct workspace *ws, const char *path,
		      struct mlops_error *err)
{
	autofree char *name = xasprintf("%zu", s->refs.n);
	autofree char *file = xasprintf("%s.mlops", name);
	autofree char *above = path_dir(path);
	autobuf text = { 0 };
	struct object_ref ref;

	if (mlops_workspace_look(ws, path, true, &ref, err))
		return -1;
	format_pointer(name, &ref, &text);
	vec_push(&s->refs, ref);
	strbuf_adds(&s->place, "mkdir -p \"$1\"/");
	strbuf_add_shell(&s->place, above);
	strbuf_addf(&s->place, " && mv in/%s \"$1\"/", name);
	strbuf_add_shell(&s->place, path);
	strbuf_addc(&s->place, '\n');
	return write_into(s, file, &text, err);
}

/* What is below another path that is sent comes with that one. */
static bool is_inside(const struct offload *stage, const char *path)
{
	for (size_t i = 0; i < stage->n_read; i++)
		if (strcmp(stage->read[i], path) && path_is_below(path, stage->read[i]))
			return true;
	return false;
}

static bool is_read(const struct offload *stage, const char *path)
{
	for (size_t i = 0; i < stage->n_read; i++)
		if (!strcmp(stage->read[i], path))
			return true;
	return false;
}

static int add_files(struct sending *s, struct workspace *ws, struct mlops_error *err)
{
	const struct engine_call *call = s->call;

	strbuf_adds(&s->place, "set -e\n");
	for (size_t i = 0; i < call->files.n; i++) {
		const char *path = call->files.v[i];

		if (!is_read(call->stage, path))
			strbuf_add(&s->list, path, strlen(path) + 1);
		else if (!is_inside(call->stage, path) && add_object(s, ws, path, err))
			return -1;
	}
	return write_into(s, "place", &s->place, err);
}

/* The objects are saved with the project locked, as all that looks at the work tree is. */
static int add_files_locked(struct sending *s, struct mlops_error *err)
{
	struct project *project = s->call->project;
	struct workspace *ws;

	if (mlops_project_lock(project, true, err))
		return -1;
	int rc = mlops_workspace_open(project, &ws, err);
	if (!rc) {
		rc = add_files(s, ws, err) || mlops_workspace_commit(ws, err) ? -1 : 0;
		mlops_workspace_close(ws);
	}
	mlops_project_unlock(project);
	return rc;
}

static int pack(struct sending *s, const char *archive, struct mlops_error *err)
{
	autofree char *names = path_join(s->scratch, "names");
	const char *const argv[] = { "tar",
				     "-cf",
				     archive,
				     "-C",
				     s->scratch,
				     PLACE,
				     "-C",
				     mlops_project_root(s->call->project),
				     "--ignore-failed-read",
				     "--null",
				     "-T",
				     names,
				     NULL };
	struct proc_result result;
	autobuf none = { 0 };

	if (fs_write_atomic(names, s->list.buf ? s->list.buf : "", s->list.len, 0600, err) ||
	    proc_read(argv, SAID_MAX, &none, &result, err))
		return -1;
	return result.status ?
		       err_set(err, MLOPS_EFAIL, "cannot pack the code: tar ended with status %d",
			       result.status) :
		       0;
}

/* The archive as an object. */
static int add_archive(struct sending *s, struct mlops_error *err)
{
	autofree char *archive = path_join(s->scratch, "code.tar");
	struct object_ref ref = { .kind = OBJECT_FILE, .files = 1 };
	struct store *store;

	if (pack(s, archive, err) || mlops_store_of(s->call->project, &store, err) ||
	    mlops_store_put_file(store, archive, &ref.oid, &ref.size, err) ||
	    mlops_store_flush(store, err))
		return -1;
	vec_push(&s->refs, ref);
	return 0;
}

static int find_remote(const struct engine_call *call, const char *name, char **url,
		       struct mlops_error *err)
{
	struct remote_info *remotes;
	size_t n;

	*url = NULL;
	if (mlops_remotes_list(call->project, &remotes, &n, err))
		return -1;
	for (size_t i = 0; i < n && !*url; i++)
		if (name ? !strcmp(remotes[i].name, name) : remotes[i].is_default || n == 1)
			*url = strstr(remotes[i].url, "://") ?
				       xstrdup(remotes[i].url) :
				       project_shared_path(call->project, remotes[i].url);
	mlops_remotes_free(remotes, n);
	if (*url)
		return 0;
	err_set(err, MLOPS_ENOTFOUND,
		"there is no remote that data could go through to Kubernetes");
	return err_hint(err, "add one that both sides reach: mlops remote add NAME URL");
}

static const char begin[] =
	"set -eu\n"
	"end=/dev/termination-log\n"
	"dir=$(mktemp -d); mkdir \"$dir/data\" \"$dir/work\"; cd \"$dir/data\"\n"
	"mlops init -q --git >&2\n";

static const char receive[] = "mlops pull -q code >&2; tar -xf code -C \"$dir/work\"\n"
			      "mv \"$dir/work/" PLACE "\" in; rmdir \"$dir/work/.mlops\"\n"
			      "if [ -e in/0.mlops ]; then mlops pull -q in >&2; fi\n"
			      "sh in/place \"$dir/work\"; rm -rf code code.mlops in\n"
			      "cd \"$dir/work\"; MLOPS_PROJECT=$PWD; export MLOPS_PROJECT\n";

static const char execute[] =
	"set +e\n"
	"used_begin \"$dir/used\"\n"
	"sh -c \"$command\" </dev/null & pid=$!\n"
	"used_watch \"$pid\" \"$dir/used\" & meter=$!\n"
	"trap 'kill -s TERM \"$pid\"' TERM INT\n"
	"wait \"$pid\"; status=$?\n"
	"while kill -0 \"$pid\" 2>/dev/null; do wait \"$pid\"; status=$?; done\n"
	"kill \"$meter\" 2>/dev/null; used_end \"$dir/used\"\n"
	"used() { while read -r line; do echo \"# $line\"; done <\"$dir/used\"; }\n"
	"[ \"$status\" = 0 ] || { { echo \"status $status\"; used; } >\"$end\"; exit \"$status\"; }\n"
	"set -e\n"
	"cd \"$dir/data\"; mkdir outs\n";

static const char hand_over[] = "mlops track -q outs >&2; mlops push -q -r data outs >&2\n"
				"{ cat outs.mlops; used; } >\"$end\"\n";

static void add_mkdir(struct strbuf *out, const char *path)
{
	autofree char *above = path_dir(path);

	strbuf_adds(out, "mkdir -p ");
	strbuf_add_shell(out, above);
	strbuf_addc(out, '\n');
}

static void add_out(struct strbuf *out, const char *path)
{
	autobuf word = { 0 };

	strbuf_add_shell(&word, path);
	strbuf_addf(out, "f=%s; if [ -e ../work/\"$f\" ] || [ -L ../work/\"$f\" ]; then ",
		    word.buf);
	strbuf_adds(out,
		    "mkdir -p outs/\"$(dirname \"$f\")\"; mv ../work/\"$f\" outs/\"$f\"; fi\n");
}

static char *make_script(const struct sending *s, const char *url)
{
	const struct offload *stage = s->call->stage;
	autobuf out = { 0 }, pointer = { 0 };

	format_pointer("code", &s->refs.v[s->refs.n - 1], &pointer);
	strbuf_adds(&out, begin);
	strbuf_adds(&out, "mlops remote add data ");
	strbuf_add_shell(&out, url);
	strbuf_adds(&out, " >&2\nprintf %s ");
	strbuf_add_shell(&out, pointer.buf);
	strbuf_adds(&out, " >code.mlops\n");
	strbuf_adds(&out, receive);
	for (size_t i = 0; i < stage->n_outs; i++)
		add_mkdir(&out, stage->outs[i]);
	if (*stage->wdir) {
		autobuf word = { 0 };

		strbuf_add_shell(&word, stage->wdir);
		strbuf_addf(&out, "mkdir -p %s; cd %s\n", word.buf, word.buf);
	}
	strbuf_adds(&out, "command=");
	strbuf_add_shell(&out, stage->command);
	strbuf_addc(&out, '\n');
	strbuf_adds(&out, used_script);
	strbuf_adds(&out, execute);
	for (size_t i = 0; i < stage->n_outs; i++)
		add_out(&out, stage->outs[i]);
	strbuf_adds(&out, hand_over);
	return strbuf_steal(&out);
}

static int send(struct sending *s, const char *remote, char **script, struct mlops_error *err)
{
	const struct transfer_how how = { .remote = remote };
	struct transfer_counts counts = { 0 };
	autofree char *url = NULL;

	if (find_remote(s->call, remote, &url, err) || engine_scratch(s->call, &s->scratch, err) ||
	    add_files_locked(s, err) || add_archive(s, err) ||
	    mlops_push(s->call->project, s->refs.v, s->refs.n, &how, &counts, err))
		return -1;
	*script = make_script(s, url);
	return 0;
}

int kube_data_send(const struct engine_call *call, const struct kube_settings *settings,
		   char **script, struct mlops_error *err)
{
	struct sending s = { .call = call };
	autoerr ignored = ERR_INIT;
	int rc = send(&s, settings->remote, script, err);

	if (s.scratch)
		fs_remove_tree(s.scratch, &ignored);
	free(s.scratch);
	vec_free(&s.refs);
	strbuf_clear(&s.place);
	strbuf_clear(&s.list);
	return rc;
}

static int bring_home(const struct engine_call *call, const struct object_ref *ref,
		      struct mlops_error *err)
{
	autofree char *scratch = NULL;
	autoerr ignored = ERR_INIT;

	if (engine_scratch(call, &scratch, err))
		return -1;
	autofree char *dir = path_join(scratch, "outs");
	int rc = mlops_workspace_export(call->project, ref, dir, err) ||
		 engine_bring_home(call, dir, err);
	fs_remove_tree(scratch, &ignored);
	return rc ? -1 : 0;
}

int kube_data_fetch(const struct engine_call *call, const struct kube_settings *settings,
		    const char *said, struct mlops_error *err)
{
	const struct transfer_how how = { .remote = settings->remote };
	struct transfer_counts counts = { 0 };
	autoarena arena = { 0 };
	struct yaml_node *root;
	struct object_ref ref;

	if (yaml_parse(&arena, "what the pod says", said, strlen(said), &root, err) ||
	    object_ref_read(root, &ref, err))
		return -1;
	if (ref.kind != OBJECT_TREE)
		return err_set(err, MLOPS_EINVALID, "the pod names no folder of outputs");
	if (mlops_fetch(call->project, &ref, 1, &how, &counts, err))
		return -1;
	if (counts.missing)
		return err_set(err, MLOPS_EREMOTE,
			       "%llu objects of the outputs are not at the remote",
			       (unsigned long long)counts.missing);
	return bring_home(call, &ref, err);
}
