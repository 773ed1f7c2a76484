/* One writing thread that groups what many ask for, and a stock of reading handles. */
#include "db/shared.h"

#include <pthread.h>

#include "base/vec.h"
#include "db/handle.h"

#define MAX_GROUP 256 /* jobs of one transaction */

struct job {
	db_work work;
	void *arg;
	struct mlops_error *err;
	int rc;
	bool done;
	pthread_cond_t finished;
	struct job *next;
};

struct db_shared {
	char *path;
	struct db *writer; /* used by the thread alone */
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below, and the jobs in the queue */
	pthread_cond_t wake;
	struct job *first, **end;
	bool stopping;
	VEC(struct db *) readers; /* that nobody uses now */
};

/* Takes up to MAX_GROUP jobs; NULL when the service ends. */
static struct job *take_jobs(struct db_shared *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->stopping)
		pthread_cond_wait(&s->wake, &s->lock);
	struct job *jobs = s->first, **at = &s->first;
	for (int n = 0; *at && n < MAX_GROUP; n++)
		at = &(*at)->next;
	s->first = *at;
	*at = NULL;
	if (!s->first)
		s->end = &s->first;
	pthread_mutex_unlock(&s->lock);
	return jobs;
}

/* Each job in a transaction of its own inside; the outer one never fails by theirs. */
static int run_jobs(struct db *db, void *arg, struct mlops_error *err)
{
	(void)err;
	for (struct job *j = arg; j; j = j->next)
		j->rc = db_transaction(db, j->work, j->arg, j->err);
	return 0;
}

static int run_alone(struct db *db, void *arg, struct mlops_error *err)
{
	struct job *j = arg;

	return j->work(db, j->arg, err);
}

/* A job's error stays its own; one of the whole group is everybody's. */
static void fail_all(struct job *jobs, const struct mlops_error *err)
{
	for (struct job *j = jobs; j; j = j->next) {
		if (j->rc)
			continue;
		j->rc = err_set(j->err, err->kind, "%s", err->msg);
		if (err->hint)
			err_hint(j->err, "%s", err->hint);
	}
}

static void run_group(struct db_shared *s, struct job *jobs)
{
	autoerr err = ERR_INIT;

	if (!jobs->next)
		jobs->rc = db_transaction(s->writer, run_alone, jobs, jobs->err);
	else if (db_transaction(s->writer, run_jobs, jobs, &err))
		fail_all(jobs, &err);
	pthread_mutex_lock(&s->lock);
	for (struct job *j = jobs, *next; j; j = next) {
		next = j->next; /* the job is its owner's again once it is done */
		j->done = true;
		pthread_cond_signal(&j->finished);
	}
	pthread_mutex_unlock(&s->lock);
}

static void *write_loop(void *arg)
{
	struct db_shared *s = arg;

	for (struct job *jobs; (jobs = take_jobs(s));)
		run_group(s, jobs);
	return NULL;
}

int db_shared_write(struct db_shared *s, db_work work, void *arg, struct mlops_error *err)
{
	struct job job = { .work = work, .arg = arg, .err = err,
			   .finished = PTHREAD_COND_INITIALIZER };

	pthread_mutex_lock(&s->lock);
	*s->end = &job;
	s->end = &job.next;
	pthread_cond_signal(&s->wake);
	while (!job.done)
		pthread_cond_wait(&job.finished, &s->lock);
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&job.finished);
	return job.rc;
}

static int take_reader(struct db_shared *s, struct db **out, struct mlops_error *err)
{
	struct db *db = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->readers.n)
		db = s->readers.v[--s->readers.n];
	pthread_mutex_unlock(&s->lock);
	if (!db) {
		if (db_open(s->path, &db, err))
			return -1;
		if (db_exec(db, "PRAGMA query_only = 1; PRAGMA cache_size = -512", err)) {
			db_free(db);
			return -1;
		}
	}
	*out = db;
	return 0;
}

int db_shared_read(struct db_shared *s, db_work work, void *arg, struct mlops_error *err)
{
	struct db *db;

	if (take_reader(s, &db, err))
		return -1;
	int rc = db_snapshot(db, work, arg, err);
	pthread_mutex_lock(&s->lock);
	vec_push(&s->readers, db);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int db_shared_open(const char *path, struct db_shared **out, struct mlops_error *err)
{
	struct db *writer;

	if (db_open(path, &writer, err))
		return -1;
	struct db_shared *s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(path);
	s->writer = writer;
	s->end = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	if (pthread_create(&s->thread, NULL, write_loop, s))
		abort(); /* no thread at the start: as good as no memory */
	*out = s;
	return 0;
}

void db_shared_free(struct db_shared *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->readers.n; i++)
		db_free(s->readers.v[i]);
	vec_free(&s->readers);
	db_free(s->writer);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}
