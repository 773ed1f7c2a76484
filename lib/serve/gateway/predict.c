/* From a prediction request to a job. */
#include "serve/gateway/call.h"
#include "serve/gateway/conn.h"
#include "serve/gateway/job.h"

void call_predict_value(struct call *call, const struct protocol *protocol, struct json *request)
{
	struct live_revision *live = call_revision(call);
	autojson *rows = NULL;
	autoerr err = ERR_INIT;

	if (!live)
		return;
	if (protocol->parse(request, &rows, &err))
		call_refuse(call, 400, err.msg);
	else
		job_start(call->conn, live, protocol, request, rows);
}

void call_predict(struct call *call, const struct protocol *protocol)
{
	autojson *request = NULL;
	autoerr err = ERR_INIT;

	if (js_parse(call->body.p, call->body.n, "the request", &request, &err))
		call_refuse(call, 400, err.msg);
	else
		call_predict_value(call, protocol, request);
}
