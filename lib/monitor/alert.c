/* Alerts of monitors: how a value moves one on, and their states in table `alerts`. */
#include "mlops/alert.h"

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "monitor/rules.h"
#include "project/project.h"

const char *mlops_alert_state_name(enum alert_state state)
{
	static const char *const names[] = { "ok", "pending", "firing", "resolved" };

	return names[state];
}

static enum alert_state next_state(const struct alert *a, int64_t now_ms)
{
	if (a->state == ALERT_FIRING)
		return a->value > a->clear ? ALERT_FIRING : ALERT_RESOLVED;
	if (!(a->value > a->above))
		return ALERT_OK;
	if (!a->for_ms || (a->state == ALERT_PENDING && now_ms - a->since_ms >= a->for_ms))
		return ALERT_FIRING;
	return ALERT_PENDING;
}

void alert_step(struct alert *a, int64_t now_ms)
{
	enum alert_state next = next_state(a, now_ms);

	if (next != a->state || !a->since_ms)
		a->since_ms = now_ms;
	a->state = next;
}

/* What the check before left, with the value that it had. */
static int recall(struct db *db, struct alert *a, int64_t now_ms, double *value,
		  struct mlops_error *err)
{
	struct db_stmt *row;
	int rc = db_row(db, &row, err,
			"SELECT state, since_ms, silenced_ms, value FROM alerts WHERE monitor = ?",
			"s", a->name);

	if (rc <= 0)
		return rc;
	int64_t state = db_int(row, 0);
	a->since_ms = db_int(row, 1);
	a->silenced_ms = db_int(row, 2) > now_ms ? db_int(row, 2) : 0;
	*value = db_num(row, 3);
	db_done(row);
	if (state < ALERT_OK || state > ALERT_RESOLVED)
		return err_set(err, MLOPS_ECORRUPT, "the alert of monitor '%s' has no such state",
			       a->name);
	a->state = (enum alert_state)state;
	return 0;
}

/* In one transaction, so that two checks at a time do not both see the alert begin. */
static int move_on(struct db *db, void *arg, struct mlops_error *err)
{
	struct alerts *alerts = arg;
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < alerts->n; i++) {
		struct alert *a = &alerts->v[i];
		double before;

		if (recall(db, a, now, &before, err))
			return -1;
		alert_step(a, now);
		if (db_change(db, err,
			      "INSERT INTO alerts (monitor, state, since_ms, value, checked_ms) "
			      "VALUES (?, ?, ?, ?, ?) ON CONFLICT (monitor) DO UPDATE SET "
			      "state = excluded.state, since_ms = excluded.since_ms, "
			      "value = excluded.value, checked_ms = excluded.checked_ms",
			      "siidi", a->name, (int64_t)a->state, a->since_ms, a->value, now))
			return -1;
	}
	return 0;
}

/* Keeps those of these names, in their order. */
static int pick(struct alerts *all, const char *const *names, size_t n, struct mlops_error *err)
{
	struct alert *v = arena_alloc(all->arena, (n + 1) * sizeof(*v));
	size_t picked = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0, before = 0;

		while (at < all->n && strcmp(all->v[at].name, names[i]))
			at++;
		if (at == all->n)
			return err_set(err, MLOPS_ENOTFOUND, "%s has no monitor named '%s'", SPEC_FILE,
				       names[i]);
		while (before < picked && strcmp(v[before].name, names[i]))
			before++;
		if (before == picked)
			v[picked++] = all->v[at];
	}
	all->v = v;
	all->n = picked;
	return 0;
}

static int check(struct project *project, struct alerts *alerts, const char *const *names, size_t n,
		 struct mlops_error *err)
{
	struct db *db;

	if (rules_load(project, alerts, err) || (n && pick(alerts, names, n, err)))
		return -1;
	for (size_t i = 0; i < alerts->n; i++)
		if (rule_measure(project, &alerts->v[i], err))
			return -1;
	return project_db(project, &db, err) || db_transaction(db, move_on, alerts, err) ? -1 : 0;
}

int mlops_monitors_check(struct project *project, const char *const *names, size_t n,
			 struct alerts **out, struct mlops_error *err)
{
	struct alerts *alerts = xcalloc(1, sizeof(*alerts));

	alerts->arena = xcalloc(1, sizeof(*alerts->arena));
	if (check(project, alerts, names, n, err)) {
		mlops_alerts_free(alerts);
		return -1;
	}
	*out = alerts;
	return 0;
}

static int read_last(struct db *db, void *arg, struct mlops_error *err)
{
	struct alerts *alerts = arg;
	int64_t now = clock_now_ms();
	size_t kept = 0;

	for (size_t i = 0; i < alerts->n; i++) {
		struct alert *a = &alerts->v[i];

		if (recall(db, a, now, &a->value, err))
			return -1;
		if (a->since_ms)
			alerts->v[kept++] = *a;
	}
	alerts->n = kept;
	return 0;
}

int mlops_alerts_last(struct project *project, struct alerts **out, struct mlops_error *err)
{
	struct alerts *alerts = xcalloc(1, sizeof(*alerts));
	struct db *db;

	alerts->arena = xcalloc(1, sizeof(*alerts->arena));
	if (rules_load(project, alerts, err) || project_db(project, &db, err) ||
	    db_snapshot(db, read_last, alerts, err)) {
		mlops_alerts_free(alerts);
		return -1;
	}
	*out = alerts;
	return 0;
}

static int silence(struct project *project, struct alerts *alerts, const char *name, int64_t for_ms,
		   struct mlops_error *err)
{
	int64_t until;
	struct db *db;

	if (for_ms < 0 || __builtin_add_overflow(clock_now_ms(), for_ms, &until))
		return err_set(err, MLOPS_EUSAGE, "no alert can be silenced for so long");
	if (rules_load(project, alerts, err) || pick(alerts, &name, 1, err) ||
	    project_db(project, &db, err))
		return -1;
	return db_change(db, err,
			 "INSERT INTO alerts (monitor, state, since_ms, value, checked_ms, silenced_ms) "
			 "VALUES (?, 0, 0, 0, 0, ?) ON CONFLICT (monitor) DO UPDATE SET "
			 "silenced_ms = excluded.silenced_ms",
			 "si", name, for_ms ? until : (int64_t)0);
}

int mlops_monitor_silence(struct project *project, const char *name, int64_t for_ms,
			  struct mlops_error *err)
{
	struct arena arena = { 0 };
	struct alerts alerts = { .arena = &arena };
	int rc = silence(project, &alerts, name, for_ms, err);

	arena_clear(&arena);
	return rc;
}

void mlops_alerts_free(struct alerts *alerts)
{
	if (!alerts)
		return;
	arena_clear(alerts->arena);
	free(alerts->arena);
	free(alerts);
}
