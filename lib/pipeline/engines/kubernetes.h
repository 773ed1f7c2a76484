/* What the files of the Kubernetes engine share. */
#pragma once

#include "fmt/json.h"
#include "http/kube.h"
#include "pipeline/engine.h"

/* What the settings of the engine say; all lent. */
struct kube_settings {
	const char *file, *context, *namespace; /* of the kubeconfig; may be NULL */
	const char *image;
	const char *secret;          /* a Secret with a key for each secret of stages, or NULL */
	const char *env_from;        /* a Secret that is all made variables, or NULL */
	const char *service_account; /* or NULL */
	const char *node_selector;   /* "key=value ...", or NULL */
	const char *gpu;             /* the resource that a GPU is */
	const char *volume;          /* CLAIM:PATH, or NULL */
	const char *remote;          /* name, or NULL: the default one */
	int64_t pending_ms;          /* that a pod may wait for a node and its image */
};

int kube_settings_read(struct project *project, const char *engine, struct kube_settings *out,
		       struct mlops_error *err);

/* One stage as a Job. */
struct kube_job {
	const struct kube_settings *settings;
	const char *name, *stage, *run_id; /* run_id "": none */
	const char *script;
	struct strlist env;         /* NAME=value */
	const char *const *secrets; /* names */
	size_t n_secrets;
	struct spec_resources resources;
	int64_t deadline_ms; /* 0: none */
};
/* A name that is the same for the same stage and run; new. */
char *kube_job_name(const char *stage, const char *run_id);
int kube_job_make(const struct kube_job *job, struct json **out, struct mlops_error *err);

/* How the one pod of a job is. */
enum kube_phase {
	KUBE_ABSENT,  /* there is none, or none any more */
	KUBE_WAITING, /* for a node, or its image; `why` may say more */
	KUBE_REFUSED, /* it will never start, for `why` */
	KUBE_STARTED,
	KUBE_LOST,  /* its node is, for `why`: nobody will tell how it ends */
	KUBE_ENDED, /* with `code`, `why` (of Kubernetes) and `said` (by the script) */
};
struct kube_pod {
	enum kube_phase phase;
	int64_t code;
	bool going;      /* it is being deleted, which may take it `grace_ms` */
	int64_t grace_ms;
	const char *name, *why, *said; /* of the JSON; why "" and said "": nothing */
};
/* Of a list of pods, the newest. */
void kube_pod_read(struct json *list, struct kube_pod *out);
/* What a list of events says last of what went wrong; "" for nothing. */
const char *kube_event_read(struct json *list);
/* Why a job failed, of which there is no pod to tell; NULL: it did not fail. */
const char *kube_job_failure(struct json *job);

/* What a pod prints, on its way to where we print, in a thread. */
struct kube_log;
int kube_log_start(const struct kube_settings *settings, const char *path, struct kube_log **out,
		   struct mlops_error *err);
/* Waits for a moment that the rest comes, and frees it; NULL is fine. */
void kube_log_end(struct kube_log *log);

/*
 * Sends what the stage reads to the remote, and makes the script that a container runs it by. The
 * script tells by the termination message: the pointer of a folder with all outs, or "status N".
 */
int kube_data_send(const struct engine_call *call, const struct kube_settings *settings,
		   char **script, struct mlops_error *err);
/* Brings the outs home that such a message tells of. */
int kube_data_fetch(const struct engine_call *call, const struct kube_settings *settings,
		    const char *said, struct mlops_error *err);

int kube_export(const struct engine_export *what, struct strbuf *out, struct mlops_error *err);
