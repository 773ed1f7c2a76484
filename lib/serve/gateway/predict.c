/* From a prediction request to a job. */
#include "serve/gateway/call.h"
#include "serve/gateway/conn.h"
#include "serve/gateway/job.h"

void call_predict(struct call *call, const struct protocol *protocol)
{
	struct live_revision *live = call_revision(call);
	autojson *request = NULL, *rows = NULL;
	autoerr err = ERR_INIT;

	if (!live)
		return;
	if (js_parse(call->body.p, call->body.n, "the request", &request, &err) ||
	    protocol->parse(request, &rows, &err)) {
		call_refuse(call, 400, err.msg);
		return;
	}
	job_start(call->conn, live, protocol, request, rows);
}
