/* The commands, grouped and ordered as `mlops help` shows them. */
#include "cmd.h"

/* project */
extern const struct cmd_spec cmd_init, cmd_config;

/* data */
extern const struct cmd_spec cmd_track, cmd_untrack, cmd_edit;
extern const struct cmd_spec cmd_status, cmd_diff, cmd_ls, cmd_du, cmd_cat, cmd_checkout, cmd_restore;
extern const struct cmd_spec cmd_verify, cmd_reseal;
extern const struct cmd_spec cmd_gc, cmd_repack;

/* share */
extern const struct cmd_spec cmd_lfs;
extern const struct cmd_spec cmd_get, cmd_import, cmd_update;
extern const struct cmd_spec cmd_remote, cmd_push, cmd_pull, cmd_server;

/* pipelines and runs */
extern const struct cmd_spec cmd_run, cmd_exec, cmd_exp, cmd_runs, cmd_log, cmd_params, cmd_metrics, cmd_plots, cmd_dag,
	cmd_ui, cmd_export;

/* models */
extern const struct cmd_spec cmd_model, cmd_scan;

/* deployments */
extern const struct cmd_spec cmd_deploy, cmd_rollback, cmd_deployments, cmd_undeploy, cmd_serve,
	cmd_monitor;

/* about */
extern const struct cmd_spec cmd_doctor, cmd_help, cmd_version, cmd_complete, cmd_mdoc, cmd_trace,
	cmd_isolate, cmd_offload, cmd_trial, cmd_merge_driver, cmd_hook;

const struct cmd_spec *const cmd_registry[] = {
	/* project */
	&cmd_init,
	&cmd_config,

	/* data */
	&cmd_track,
	&cmd_untrack,
	&cmd_edit,
	&cmd_status,
	&cmd_diff,
	&cmd_ls,
	&cmd_du,
	&cmd_cat,
	&cmd_checkout,
	&cmd_restore,
	&cmd_verify,
	&cmd_reseal,
	&cmd_gc,
	&cmd_repack,

	/* share */
	&cmd_remote,
	&cmd_push,
	&cmd_pull,
	&cmd_get,
	&cmd_import,
	&cmd_update,
	&cmd_lfs,
	&cmd_server,

	/* pipelines and runs */
	&cmd_run,
	&cmd_exec,
	&cmd_exp,
	&cmd_runs,
	&cmd_log,
	&cmd_params,
	&cmd_metrics,
	&cmd_plots,
	&cmd_ui,
	&cmd_dag,
	&cmd_export,

	/* models */
	&cmd_model,
	&cmd_scan,

	/* deployments */
	&cmd_deploy,
	&cmd_rollback,
	&cmd_deployments,
	&cmd_undeploy,
	&cmd_serve,
	&cmd_monitor,

	/* about */
	&cmd_doctor,
	&cmd_help,
	&cmd_version,
	&cmd_complete,
	&cmd_mdoc,
	&cmd_trace,
	&cmd_isolate,
	&cmd_offload,
	&cmd_trial,
	&cmd_merge_driver,
	&cmd_hook,
	NULL,
};
