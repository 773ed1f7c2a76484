/*
 * One table a command: options and positional arguments are rows that say where a value goes
 * (offsetof), its type, default and help. Parsing, -h, man synopsis, completion, the JSON
 * description and defaults from config and environment all walk the same rows.
 */
#pragma once

#include "base/vec.h"
#include "base/err.h"

enum opt_type {
	OPT_BOOL,     /* bool; --no-NAME turns it off */
	OPT_STR,      /* const char * */
	OPT_INT,      /* int64_t */
	OPT_DOUBLE,   /* double */
	OPT_BYTES,    /* uint64_t; "64k" */
	OPT_DURATION, /* int64_t milliseconds; "90s" */
	OPT_STRS,     /* struct opt_strs; may be given again */
};

/* Values of an OPT_STRS option or of a repeated argument; borrowed from argv and config. */
struct opt_strs {
	const char **v;
	size_t n, cap;
	bool dashes; /* of a row behind "--": that was there, though nothing may have followed */
};

struct opt_spec {
	const char *name; /* "dry-run" */
	char letter;      /* 'n', or 0 */
	enum opt_type type;
	size_t offset;
	const char *meta;    /* "N"; NULL for a bool */
	const char *def;     /* as it would be typed, or NULL */
	const char *choices; /* "text|json", or NULL for any value */
	const char *
		complete; /* completion kind: "path", "dir", "remote", "model", "run", ...; or NULL */
	const char *help; /* one line, lower case, no full stop */
	bool no_config;   /* true: takes no default from config or environment */
};

#define OPT(type_, field, ...)                                                                     \
	{                                                                                          \
		.offset = offsetof(struct type_, field), __VA_ARGS__                               \
	}
#define OPT_END                                                                                    \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#define ARGS_ANY SIZE_MAX

struct arg_spec {
	const char *name; /* "PATH" */
	size_t offset;    /* const char * when max is 1, else struct opt_strs */
	size_t min, max;
	const char *complete;
	const char *help;
	bool behind; /* the last row: what follows "--", while the others take what is before it */
};

#define ARG(type_, field, ...)                                                                     \
	{                                                                                          \
		.offset = offsetof(struct type_, field), __VA_ARGS__                               \
	}
#define ARG_END                                                                                    \
	{                                                                                          \
		.name = NULL                                                                       \
	}

enum cmd_flags {
	CMD_PROJECT = 1 << 0,    /* needs a project: ctx->project is open */
	CMD_LOCK_READ = 1 << 1,  /* holds the project's lock, shared */
	CMD_LOCK_WRITE = 1 << 2, /* holds the project's lock, alone */
	CMD_JSON = 1 << 3,       /* takes --json */
	CMD_DVC = 1 << 5,        /* a DVC repository that is no project will do */
	CMD_REST = 1 << 4,       /* options end at the first argument (exec -- CMD) */
};

struct cmd_ctx;

struct cmd_spec {
	const char *group;   /* "data", "sync", ...: a heading of `mlops help` */
	const char *name;    /* "push", or "add" in a subcommand table */
	const char *summary; /* one line, lower case, no full stop */
	unsigned flags;
	const struct opt_spec *opts;
	const struct arg_spec *args;
	size_t opts_size; /* of the struct the rows point into */
	/* 0, another exit status (3: the answer is no), or -1 with *err set. */
	int (*run)(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err);
	/* NULL-terminated, for a group such as `remote`; run (if any) is used when none is named. */
	const struct cmd_spec *const *subs;
};

/* Where defaults come from when the command line is silent: environment, then config. */
struct opt_defaults {
	/* The value of config key "<command>.<option>", borrowed, or NULL. */
	const char *(*lookup)(void *arg, const char *key);
	void *arg;
};

/*
 * Parses argv[0 .. argc) (without the command's own name) into `opts`, opts_size zeroed bytes.
 * `path` is the command as typed ("remote add"). Strings are borrowed from argv and defaults;
 * arrays in it are freed by opt_clear(). Wrong usage is MLOPS_EUSAGE with a hint.
 */
int opt_parse(const struct cmd_spec *spec, const char *path, const struct opt_defaults *defaults,
	      int argc, char **argv, void *opts, struct mlops_error *err);
void opt_clear(const struct cmd_spec *spec, void *opts);

/* Options that every command takes (-h, --json where CMD_JSON is set, -q, -v, ...). */
struct opt_common {
	bool help, json, quiet, verbose, yes;
};
extern const struct opt_spec opt_common_rows[];
/* True when `spec` takes the common option `row`. */
bool opt_common_applies(const struct cmd_spec *spec, const struct opt_spec *row);
/* Takes the common options out of argv (in front of "--") into *out; returns the new argc. */
int opt_take_common(const struct cmd_spec *spec, int argc, char **argv, struct opt_common *out);

/* The row that takes what is behind "--", or NULL. */
const struct arg_spec *opt_behind(const struct cmd_spec *spec);

/* The row named `name`, or NULL. */
const struct opt_spec *opt_find(const struct opt_spec *rows, const char *name);
