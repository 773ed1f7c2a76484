/* Runs, object refs and tracked items as JSON; what a checkout did. */
#include "view.h"

#include "base/clock.h"
#include "base/log.h"

static void set_ref(struct json *obj, const struct object_ref *ref)
{
	char hex[MLOPS_OID_HEX + 1];

	js_set(obj, "kind", js_str(ref->kind == OBJECT_TREE ? "tree" : "file"));
	js_set(obj, "oid", js_str(mlops_oid_hex(&ref->oid, hex)));
	js_set(obj, "size", js_int((int64_t)ref->size));
	js_set(obj, "files", js_int((int64_t)ref->files));
	js_set(obj, "executable", js_bool(ref->executable));
}

struct json *view_ref(const struct object_ref *ref)
{
	struct json *obj = js_obj();

	set_ref(obj, ref);
	return obj;
}

const char *view_item_kind(enum item_kind kind)
{
	static const char *const names[] = { "file", "executable", "folder", "symlink" };

	return names[kind];
}

struct object_ref view_item_ref(const struct item *item)
{
	return (struct object_ref){
		.kind = item->kind == ITEM_FOLDER ? OBJECT_TREE : OBJECT_FILE,
		.executable = item->kind == ITEM_EXECUTABLE,
		.oid = item->oid,
		.size = item->size,
		.files = item->files,
	};
}

struct json *view_item(const struct item *item)
{
	char hex[MLOPS_OID_HEX + 1];
	struct json *obj = js_obj();

	js_set(obj, "path", js_str(item->path));
	js_set(obj, "kind", js_str(view_item_kind(item->kind)));
	js_set(obj, "oid", js_str(mlops_oid_hex(&item->oid, hex)));
	js_set(obj, "size", js_int((int64_t)item->size));
	js_set(obj, "files", js_int((int64_t)item->files));
	return obj;
}

struct json *view_object(const struct run_object *o)
{
	struct json *obj = js_obj();

	js_set(obj, "path", js_str(o->path));
	js_set(obj, "stage", *o->stage ? js_str(o->stage) : js_null());
	set_ref(obj, &o->ref);
	js_set(obj, "is_model", js_bool(o->is_model));
	return obj;
}

struct json *view_objects(const struct run_object *objects, size_t n)
{
	struct json *arr = js_arr();

	for (size_t i = 0; i < n; i++)
		js_push(arr, view_object(&objects[i]));
	return arr;
}

struct json *view_metrics(const struct run_metric *metrics, size_t n)
{
	struct json *obj = js_obj();

	for (size_t i = 0; i < n; i++) {
		struct json *point = js_obj();

		js_set(point, "value", js_num(metrics[i].value));
		js_set(point, "step", js_int(metrics[i].step));
		js_set(point, "timestamp_ms", js_int(metrics[i].timestamp_ms));
		js_set(obj, metrics[i].key, point);
	}
	return obj;
}

static struct json *view_pairs(const struct run_pair *pairs, size_t n)
{
	struct json *obj = js_obj();

	for (size_t i = 0; i < n; i++)
		js_set(obj, pairs[i].key, js_str(pairs[i].value));
	return obj;
}

static struct json *view_gpu(const struct run_gpu_usage *u)
{
	struct json *obj = js_obj();

	js_set(obj, "samples", js_int(u->samples));
	js_set(obj, "percent", js_num(u->mean_percent));
	js_set(obj, "peak_percent", js_num(u->peak_percent));
	js_set(obj, "bytes", js_int(u->mean_bytes));
	js_set(obj, "peak_bytes", js_int(u->peak_bytes));
	return obj;
}

static struct json *view_stages(const struct run *run)
{
	struct json *arr = js_arr();

	for (size_t i = 0; i < run->n_stages; i++) {
		const struct run_stage *s = &run->stages[i];
		struct json *obj = js_obj();

		js_set(obj, "name", js_str(s->name));
		js_set(obj, "start_ms", js_int(s->start_ms));
		js_set(obj, "duration_ms", js_int(s->duration_ms));
		js_set(obj, "exit_status", js_int(s->exit_status));
		js_set(obj, "cached", js_bool(s->cached));
		js_set(obj, "cpu_ms", js_int(s->usage.cpu_ms));
		js_set(obj, "peak_bytes", js_int(s->usage.peak_bytes));
		js_set(obj, "read_bytes", js_int(s->usage.read_bytes));
		js_set(obj, "written_bytes", js_int(s->usage.written_bytes));
		js_set(obj, "gpu", s->usage.gpu.samples ? view_gpu(&s->usage.gpu) : js_null());
		js_push(arr, obj);
	}
	return arr;
}

int64_t view_run_duration(const struct run *run)
{
	return (run->status == RUN_RUNNING ? clock_now_ms() : run->end_ms) - run->start_ms;
}

struct json *view_run(const struct run *run)
{
	struct json *obj = js_obj();

	js_set(obj, "id", js_str(run->id));
	js_set(obj, "name", js_str(run->name));
	js_set(obj, "experiment", js_str(run->experiment));
	js_set(obj, "status", js_str(mlops_run_status_name(run->status)));
	js_set(obj, "user", js_str(run->user));
	js_set(obj, "start_ms", js_int(run->start_ms));
	js_set(obj, "end_ms", run->end_ms ? js_int(run->end_ms) : js_null());
	js_set(obj, "duration_ms", js_int(view_run_duration(run)));
	js_set(obj, "exit_status", run->exit_status < 0 ? js_null() : js_int(run->exit_status));
	js_set(obj, "git_commit", js_str(run->git_commit));
	js_set(obj, "params", view_pairs(run->params, run->n_params));
	js_set(obj, "metrics", view_metrics(run->metrics, run->n_metrics));
	js_set(obj, "tags", view_pairs(run->tags, run->n_tags));
	js_set(obj, "stages", view_stages(run));
	js_set(obj, "inputs", view_objects(run->inputs, run->n_inputs));
	js_set(obj, "outputs", view_objects(run->outputs, run->n_outputs));
	return obj;
}

static int checkout_json(const struct checkout_counts *c)
{
	struct json *v = js_obj();

	js_set(v, "written", js_int((int64_t)c->written));
	js_set(v, "removed", js_int((int64_t)c->removed));
	js_set(v, "unchanged", js_int((int64_t)c->unchanged));
	js_set(v, "absent", js_int((int64_t)c->absent));
	return cmd_print_json(v);
}

int view_checkout(const struct cmd_ctx *ctx, const struct checkout_counts *counts)
{
	if (ctx->common.json)
		return checkout_json(counts);
	printf("%llu written, %llu removed, %llu unchanged\n", (unsigned long long)counts->written,
	       (unsigned long long)counts->removed, (unsigned long long)counts->unchanged);
	if (counts->absent)
		log_info("%llu file%s not here: mlops pull fetches what is missing",
			 (unsigned long long)counts->absent, counts->absent == 1 ? " is" : "s are");
	return 0;
}
