/* TensorFlow Serving's REST form: POST /v1/models/M[/versions/V]:predict and the model's status. */
#include "serve/gateway/call.h"

#include <inttypes.h>

static int tfserving_parse(const struct json *request, struct json **rows, struct mlops_error *err)
{
	struct json *instances = js_get(request, "instances"), *inputs = js_get(request, "inputs");

	if (!instances == !inputs)
		return err_set(err, MLOPS_EINVALID,
			       "the request needs either 'instances' or 'inputs'");
	if (inputs && js_type(inputs) == JSON_OBJ)
		return rows_from_columns(inputs, rows, err);
	if (js_type(inputs ? inputs : instances) != JSON_ARR)
		return err_set(err, MLOPS_EINVALID, "'%s' is not a list",
			       inputs ? "inputs" : "instances");
	*rows = js_ref(inputs ? inputs : instances);
	return 0;
}

/* Columns are answered by columns, and then called "outputs". */
static int tfserving_format(const struct json *request, struct json *predictions,
			    const struct served_model *model, struct json **reply,
			    struct mlops_error *err)
{
	bool columnar = js_get(request, "inputs");
	autojson *columns = NULL;

	(void)model;
	if (columnar && js_type(js_at(predictions, 0)) == JSON_OBJ &&
	    columns_from_rows(predictions, &columns, err))
		return -1;
	*reply = js_obj();
	js_set(*reply, columnar ? "outputs" : "predictions",
	       js_ref(columns ? columns : predictions));
	return 0;
}

const struct protocol protocol_tfserving = {
	.name = "tfserving",
	.parse = tfserving_parse,
	.format = tfserving_format,
};

static void predict(struct call *call)
{
	call_predict(call, &protocol_tfserving);
}

static struct json *version_status(int64_t version)
{
	autofree char *number = xasprintf("%" PRId64, version);
	struct json *v = js_obj(), *status = js_obj();

	js_set(status, "error_code", js_str("OK"));
	js_set(status, "error_message", js_str(""));
	js_set(v, "version", js_str(number));
	js_set(v, "state", js_str("AVAILABLE"));
	js_set(v, "status", status);
	return v;
}

static void model_status(struct call *call)
{
	struct live_revision *live = call_revision(call);

	if (!live)
		return;
	struct json *reply = js_obj(), *statuses = js_arr();
	js_push(statuses, version_status(live->model.version));
	js_set(reply, "model_version_status", statuses);
	call_reply_json(call, 200, reply);
}

const struct gateway_route routes_tfserving[] = {
	{ .method = "POST",
	  .path = "/v1/models/{model}:predict",
	  .handle = predict,
	  .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST",
	  .path = "/v1/models/{model}/versions/{version}:predict",
	  .handle = predict,
	  .max_body = GATEWAY_MAX_BODY },
	{ .method = "GET", .path = "/v1/models/{model}", .handle = model_status },
	{ .method = "GET",
	  .path = "/v1/models/{model}/versions/{version}",
	  .handle = model_status },
	{ .method = NULL },
};
