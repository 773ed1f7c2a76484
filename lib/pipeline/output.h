/* What a stage prints: kept in its log (.mlops/run/logs/RUN/STAGE.log), and told to the caller. */
#pragma once

#include "base/str.h"
#include "base/vec.h"
#include "mlops/pipeline.h"
#include "project/project.h"

struct output {
	const char *stage;
	char *log; /* its path: the file is made when something is printed */
	int log_fd;
	bool by_line; /* several stages print at once: only whole lines are told */
	const struct strlist *masks; /* texts that are replaced by ***; lent */
	struct strbuf rest[2]; /* by enum stage_stream; the begin of a line */
	void (*print)(const char *stage, enum stage_stream stream, const char *text, size_t n,
		      void *arg);
	void *arg;
};

/* Makes room for the logs of one more run: those of the newest runs are kept. */
int output_prune_logs(struct project *project, struct mlops_error *err);
/* Whom to tell is set by the caller afterwards. */
void output_init(struct output *o, struct project *project, const char *run_id, const char *stage);
/* Takes what the pipe holds. False once its other end is closed. */
bool output_take(struct output *o, enum stage_stream stream, int fd);
/* Tells the rest, and closes. */
void output_close(struct output *o);
