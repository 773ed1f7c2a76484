/* A run's life: it starts, ends, or is found dead. */
#include "tracking/private.h"

#include "base/clock.h"
#include "base/proc.h"
#include "base/rand.h"
#include "base/user.h"
#include "base/vec.h"
#include "git/git.h"

const char *mlops_run_status_name(enum run_status status)
{
	static const char *const names[] = { "RUNNING", "FINISHED", "FAILED", "KILLED",
					     "SCHEDULED" };

	return names[status];
}

struct start {
	const struct run_new *how;
	const char *git_commit;
	char *id;
};

int experiment_id(struct db *db, const char *name, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM experiments WHERE name = ?", "s", name);

	if (rc < 0)
		return -1;
	if (rc) {
		*out = db_int(stmt, 0);
		db_done(stmt);
		return 0;
	}
	bool is_default = !strcmp(name, EXPERIMENT_DEFAULT);
	if (db_change(db, err,
		      "INSERT INTO experiments (id, name, created_ms) VALUES"
		      " (iif(? AND NOT EXISTS (SELECT 1 FROM experiments WHERE id = 0), 0, NULL), ?, ?)",
		      "isi", (int64_t)is_default, name, clock_now_ms()))
		return -1;
	*out = db_last_id(db);
	return 0;
}

/* A name that no run has yet. */
static int make_name(struct db *db, char *buf, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	do {
		rc = db_row(db, &stmt, err, "SELECT 1 FROM runs WHERE name = ?", "s",
			    run_name_make(buf));
		if (rc > 0)
			db_done(stmt);
	} while (rc > 0);
	return rc;
}

static int insert_run(struct db *db, void *arg, struct mlops_error *err)
{
	const struct start *s = arg;
	const char *experiment = s->how->experiment ? s->how->experiment : EXPERIMENT_DEFAULT;
	const char *name = s->how->name;
	char made_up[RUN_NAME_SIZE];
	autofree char *user = user_name();
	autofree char *host = host_name();
	int64_t experiment_row;

	if (experiment_id(db, experiment, &experiment_row, err))
		return -1;
	if (!name && make_name(db, made_up, err))
		return -1;
	int64_t pid = s->how->no_process ? 0 : getpid();
	return db_change(db, err,
			 "INSERT INTO runs (uuid, experiment_id, name, user, status, start_ms,"
			 " git_commit, host, pid, pid_start) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "sissiissii", s->id, experiment_row, name ? name : made_up, user,
			 (int64_t)RUN_RUNNING, clock_now_ms(), s->git_commit, host,
			 pid, proc_start_time((pid_t)pid));
}

/* Reads the work tree, so it stays outside of the transaction. */
static int read_commit(struct project *project, char **out, struct mlops_error *err)
{
	struct git_repo *git;

	return project_git(project, &git, err) || git_head(git, out, err) ? -1 : 0;
}

static int check_names(const struct run_new *how, struct mlops_error *err)
{
	if (how->experiment && key_check("name of an experiment", how->experiment, err))
		return -1;
	if (!how->name)
		return 0;
	if (!strcmp(how->name, RUN_LAST))
		return err_set(err, MLOPS_EINVALID, "a run can't be named '%s': that is the newest one",
			       RUN_LAST);
	return key_check("name of a run", how->name, err);
}

int mlops_run_start(struct project *project, const struct run_new *how, char id[MLOPS_RUN_ID],
		    struct mlops_error *err)
{
	autofree char *commit = NULL;
	char new_id[MLOPS_RUN_ID];
	struct start s = { how, how->git_commit, new_id };
	struct db *db;

	if (check_names(how, err) || project_db(project, &db, err))
		return -1;
	if (!how->git_commit && read_commit(project, &commit, err))
		return -1;
	if (commit)
		s.git_commit = commit;
	rand_hex(new_id, (MLOPS_RUN_ID - 1) / 2);
	if (db_transaction(db, insert_run, &s, err))
		return err_wrap(err, "cannot start a run");
	memcpy(id, new_id, sizeof(new_id));
	return 0;
}

int mlops_run_end(struct project *project, const char *id, enum run_status status, int exit_status,
		  struct mlops_error *err)
{
	struct db *db;
	int64_t row;

	if (project_db(project, &db, err) || run_row(db, id, &row, err))
		return -1;
	return db_change(db, err,
			 "UPDATE runs SET status = ?, end_ms = ?, exit_status = ? WHERE id = ?", "iiii",
			 (int64_t)status, clock_now_ms(), (int64_t)exit_status, row);
}

struct dead {
	int64_t *v; /* rows */
	size_t n, cap;
};

/* A run of another host, or one without a process (pid 0), is not ours to judge. */
static int find_dead(struct db *db, struct dead *dead, struct mlops_error *err)
{
	autofree char *host = host_name();
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT id, pid, pid_start FROM runs WHERE status = 0 AND host = ? AND pid > 0",
		     "s", host))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		if (proc_start_time((pid_t)db_int(stmt, 1)) != db_int(stmt, 2))
			vec_push(dead, db_int(stmt, 0));
	return rc;
}

/* Nobody saw when they died: the last thing that they recorded is the best guess. */
static int bury(struct db *db, void *arg, struct mlops_error *err)
{
	const struct dead *dead = arg;

	for (size_t i = 0; i < dead->n; i++)
		if (db_change(db, err,
			      "UPDATE runs SET status = ?2, end_ms = min(?3, max(start_ms,"
			      " ifnull((SELECT max(timestamp_ms) FROM latest_metrics"
			      "         WHERE run_id = ?1), 0),"
			      " ifnull((SELECT max(start_ms + duration_ms) FROM run_stages"
			      "         WHERE run_id = ?1), 0)))"
			      " WHERE id = ?1 AND status = 0",
			      "iii", dead->v[i], (int64_t)RUN_KILLED, clock_now_ms()))
			return -1;
	return 0;
}

int mlops_runs_reap(struct project *project, struct mlops_error *err)
{
	struct dead dead = { 0 };
	struct db *db;

	if (project_db(project, &db, err))
		return -1;
	int rc = find_dead(db, &dead, err);
	if (!rc && dead.n)
		rc = db_transaction(db, bury, &dead, err);
	vec_free(&dead);
	return rc;
}
