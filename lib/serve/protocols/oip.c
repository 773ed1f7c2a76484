/*
 * Open Inference Protocol v2 over REST. One tensor of two or more dimensions gives each row as a
 * list; other inputs give rows as objects by the tensors' names (a shape [n, 1] counts as [n]).
 */
#include <inttypes.h>

#include "base/num.h"
#include "serve/gateway/call.h"
#include "serve/protocols/raw.h"
#include "serve/protocols/tensor.h"

static int read_inputs(const struct json *request, struct tensor *tensors, size_t n,
		       struct mlops_error *err)
{
	const struct json *inputs = js_get(request, "inputs");

	for (size_t i = 0; i < n; i++) {
		if (tensor_read(js_at(inputs, i), &tensors[i], err))
			return -1;
		if (tensors[i].dims[0] != tensors[0].dims[0])
			return err_set(err, MLOPS_EINVALID,
				       "input '%s' has %zu rows where '%s' has %zu",
				       tensors[i].name, tensors[i].dims[0], tensors[0].name,
				       tensors[0].dims[0]);
	}
	return 0;
}

static struct json *named_row(const struct tensor *tensors, size_t n, size_t row)
{
	struct json *v = js_obj();

	for (size_t i = 0; i < n; i++)
		js_set(v, tensors[i].name, tensor_row_value(&tensors[i], row));
	return v;
}

static int make_rows(const struct tensor *tensors, size_t n, struct json **rows,
		     struct mlops_error *err)
{
	bool named = n > 1 || tensors[0].rank == 1;
	size_t count = tensors[0].dims[0], names = 0;

	for (size_t i = 0; i < n; i++)
		names += strlen(tensors[i].name);
	if (named && rows_check_size(count, n, names, err))
		return -1;
	*rows = js_arr();
	for (size_t row = 0; row < count; row++)
		js_push(*rows, named ? named_row(tensors, n, row) : tensor_row(&tensors[0], row));
	return 0;
}

static int oip_parse(const struct json *request, struct json **rows, struct mlops_error *err)
{
	const struct json *inputs = js_get(request, "inputs");
	size_t n = js_type(inputs) == JSON_ARR ? js_len(inputs) : 0;
	int rc;

	if (!n || n > TENSORS_MAX)
		return err_set(err, MLOPS_EINVALID, "the request needs 1 to %d 'inputs'",
			       TENSORS_MAX);
	autofree struct tensor *tensors = xcalloc(n, sizeof(*tensors));
	rc = read_inputs(request, tensors, n, err);
	if (!rc)
		rc = make_rows(tensors, n, rows, err);
	for (size_t i = 0; i < n; i++)
		tensor_clear(&tensors[i]);
	return rc;
}

static int all_outputs(struct json *predictions, struct json *outputs, struct mlops_error *err)
{
	autojson *columns = NULL;
	struct json *column, *tensor;
	const char *name;

	if (js_type(js_at(predictions, 0)) != JSON_OBJ) {
		if (tensor_write("predictions", predictions, &tensor, err))
			return -1;
		js_push(outputs, tensor);
		return 0;
	}
	if (columns_from_rows(predictions, &columns, err))
		return -1;
	for (void *i = NULL; js_next(columns, &i, &name, &column);) {
		if (tensor_write(name, column, &tensor, err))
			return -1;
		js_push(outputs, tensor);
	}
	return 0;
}

static struct json *find_named(const struct json *tensors, const char *name)
{
	for (size_t i = 0; name && i < js_len(tensors); i++)
		if (!strcmp(js_get_text(js_at(tensors, i), "name"), name))
			return js_at(tensors, i);
	return NULL;
}

/* Of all outputs the ones that the request names. */
static int choose_outputs(const struct json *wanted, const struct json *all, struct json *chosen,
			  struct mlops_error *err)
{
	for (size_t i = 0; i < js_len(wanted); i++) {
		const char *name = js_get_text(js_at(wanted, i), "name");
		struct json *tensor = find_named(all, name);

		if (!tensor)
			return err_set(err, MLOPS_EINVALID, "the model has no output '%s'",
				       name ? name : "");
		js_push(chosen, js_ref(tensor));
	}
	return 0;
}

static int oip_format(const struct json *request, struct json *predictions,
		      const struct served_model *model, struct json **reply,
		      struct mlops_error *err)
{
	const struct json *wanted = js_get(request, "outputs");
	autofree char *version = xasprintf("%" PRId64, model->version);
	autojson *all = js_arr(), *chosen = js_arr();
	const char *id = js_get_text(request, "id");

	if (all_outputs(predictions, all, err) || choose_outputs(wanted, all, chosen, err))
		return -1;
	*reply = js_obj();
	js_set(*reply, "model_name", js_str(model->name));
	js_set(*reply, "model_version", js_str(version));
	if (id)
		js_set(*reply, "id", js_str(id));
	js_set(*reply, "outputs", js_ref(js_len(wanted) ? chosen : all));
	return 0;
}

const struct protocol protocol_oip = { .name = "oip", .parse = oip_parse, .format = oip_format };

/* The part of the inputs that lies behind the JSON, as bytes ("binary tensor data" of Triton). */
static int read_binary(struct json *request, struct str rest, struct mlops_error *err)
{
	const struct json *inputs = js_get(request, "inputs");

	for (size_t i = 0; i < js_len(inputs); i++) {
		struct json *input = js_at(inputs, i);
		int64_t n;

		if (!js_get_int(js_get(input, "parameters"), "binary_data_size", &n))
			continue;
		if (n < 0 || (uint64_t)n > rest.n)
			return err_set(err, MLOPS_EINVALID, "input %zu has more bytes than were sent", i);
		js_set(input, "data", js_arr());
		if (raw_read(input, (struct str){ rest.p, (size_t)n }, err))
			return -1;
		rest = (struct str){ rest.p + n, rest.n - (size_t)n };
	}
	return rest.n ? err_set(err, MLOPS_EINVALID, "%zu bytes behind the last input", rest.n) : 0;
}

static int read_request(const struct call *call, struct json **out, struct mlops_error *err)
{
	const struct str *header = http_message_field(call->message, "Inference-Header-Content-Length");
	struct str body = call->body;
	autojson *v = NULL;
	uint64_t n = body.n;

	if (header) {
		autofree char *text = xstrndup(header->p, header->n);

		if (!num_parse_u64(text, &n) || n > body.n)
			return err_set(err, MLOPS_EINVALID,
				       "Inference-Header-Content-Length is not a part of the body");
	}
	if (js_parse(body.p, (size_t)n, "the request", &v, err) ||
	    (header && read_binary(v, (struct str){ body.p + n, body.n - (size_t)n }, err)))
		return -1;
	*out = steal_ptr(&v);
	return 0;
}

static void infer(struct call *call)
{
	autojson *request = NULL;
	autoerr err = ERR_INIT;

	if (read_request(call, &request, &err))
		call_refuse(call, 400, err.msg);
	else
		call_predict_value(call, &protocol_oip, request);
}

static void server_metadata(struct call *call)
{
	struct json *reply = js_obj();

	js_set(reply, "name", js_str("mlops"));
	js_set(reply, "version", js_str(MLOPS_VERSION));
	js_set(reply, "extensions", js_arr());
	call_reply_json(call, 200, reply);
}

static void server_live(struct call *call)
{
	struct json *reply = js_obj();

	js_set(reply, "live", js_bool(true));
	call_reply_json(call, 200, reply);
}

static void server_ready(struct call *call)
{
	struct json *reply = js_obj();
	bool ready = gateway_is_ready(call->gateway);

	js_set(reply, "ready", js_bool(ready));
	call_reply_json(call, ready ? 200 : 503, reply);
}

static void model_metadata(struct call *call)
{
	struct live_revision *live = call_revision(call);

	if (!live)
		return;
	autofree char *version = xasprintf("%" PRId64, live->model.version);
	struct json *reply = js_obj(), *versions = js_arr();
	js_push(versions, js_str(version));
	js_set(reply, "name", js_str(live->model.name));
	js_set(reply, "versions", versions);
	js_set(reply, "platform", js_str(live->kind->name));
	js_set(reply, "inputs", js_arr());
	js_set(reply, "outputs", js_arr());
	call_reply_json(call, 200, reply);
}

static void model_ready(struct call *call)
{
	struct live_revision *live = call_revision(call);

	if (!live)
		return;
	struct json *reply = js_obj();
	bool ready = live->kind->ready(live->workers);
	js_set(reply, "name", js_str(live->model.name));
	js_set(reply, "ready", js_bool(ready));
	call_reply_json(call, ready ? 200 : 503, reply);
}

#define MODEL   "/v2/models/{model}"
#define VERSION MODEL "/versions/{version}"

const struct gateway_route routes_oip[] = {
	{ .method = "GET", .path = "/v2", .handle = server_metadata },
	{ .method = "GET", .path = "/v2/health/live", .handle = server_live, .open = true },
	{ .method = "GET", .path = "/v2/health/ready", .handle = server_ready, .open = true },
	{ .method = "GET", .path = MODEL, .handle = model_metadata },
	{ .method = "GET", .path = VERSION, .handle = model_metadata },
	{ .method = "GET", .path = MODEL "/ready", .handle = model_ready },
	{ .method = "GET", .path = VERSION "/ready", .handle = model_ready },
	{ .method = "POST", .path = MODEL "/infer", .handle = infer, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST",
	  .path = VERSION "/infer",
	  .handle = infer,
	  .max_body = GATEWAY_MAX_BODY },
	{ .method = NULL },
};
