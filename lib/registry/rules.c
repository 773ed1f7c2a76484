/* Rules of stages, out of .mlops/config: who could set them for himself could do without. */
#include "registry/rules.h"

#include "base/num.h"
#include "base/user.h"

#define APPROVALS_MAX 100
#define NOTHING       "none"

/* model.NAME.KEY, or model.KEY, or NULL; lent. */
static int setting(struct project *project, const char *model, const char *key, const char **out,
		   struct mlops_error *err)
{
	autofree char *own = xasprintf("model.%s.%s", model, key);
	autofree char *usual = xasprintf("model.%s", key);

	if (project_config_shared(project, own, out, err))
		return -1;
	return *out ? 0 : project_config_shared(project, usual, out, err);
}

void checks_clear(struct checks *c)
{
	for (size_t i = 0; i < c->v.n; i++) {
		free(c->v.v[i].text);
		free(c->v.v[i].found);
	}
	vec_free(&c->v);
}

bool checks_hold(const struct checks *c)
{
	for (size_t i = 0; i < c->v.n; i++)
		if (!c->v.v[i].holds)
			return false;
	return true;
}

enum relation { AT_LEAST, AT_MOST, EQUAL, DIFFERENT, MORE, LESS };

struct condition {
	char *key;
	enum relation relation;
	char *wanted; /* a number, or "@alias" */
};

static void condition_clear(struct condition *c)
{
	free(c->key);
	free(c->wanted);
}
#define autocondition __attribute__((cleanup(condition_clear))) struct condition

static int parse(struct str text, struct condition *out, struct mlops_error *err)
{
	static const char *const words[] = { ">=", "<=", "==", "!=", ">", "<" };
	autofree char *whole = xstrndup(text.p, text.n);
	size_t n = strcspn(whole, "<>=!");

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_starts(whole + n, words[i]))
			continue;
		struct str key = str_trim((struct str){ whole, n });
		struct str wanted = str_trim(str_of(whole + n + strlen(words[i])));
		double number;

		out->relation = (enum relation)i;
		out->key = xstrndup(key.p, key.n);
		out->wanted = xstrndup(wanted.p, wanted.n);
		if (key.n && (*out->wanted == '@' || num_parse_double(out->wanted, &number)))
			return 0;
		break;
	}
	err_set(err, MLOPS_EINVALID, "'%s' is no condition on a metric", whole);
	return err_hint(err, "it is such as: accuracy >= 0.9, or: loss < @champion");
}

static bool find_metric(const struct model_version *v, const char *key, double *out)
{
	for (size_t i = 0; i < v->n_metrics; i++) {
		if (!strcmp(v->metrics[i].key, key)) {
			*out = v->metrics[i].value;
			return true;
		}
	}
	return false;
}

static bool relates(enum relation relation, double a, double b)
{
	switch (relation) {
	case AT_LEAST:
		return a >= b;
	case AT_MOST:
		return a <= b;
	case EQUAL:
		return a == b;
	case DIFFERENT:
		return a != b;
	case MORE:
		return a > b;
	case LESS:
		return a < b;
	}
	return false;
}

/* *there tells whether there is a number to compare with. */
static int resolve(struct db *db, const struct model_version *v, const struct condition *c,
		   double *out, bool *there, struct mlops_error *err)
{
	struct model_version *other;
	int64_t model, number;

	*there = true;
	if (*c->wanted != '@')
		return num_parse_double(c->wanted, out) ? 0 : -1;
	*there = false;
	if (model_row(db, v->model, &model, err) ||
	    alias_find(db, model, c->wanted + 1, &number, err))
		return -1;
	if (!number || number == v->version)
		return 0;
	if (version_load(db, model, number, &other, err))
		return -1;
	*there = find_metric(other, c->key, out);
	mlops_model_version_free(other);
	return 0;
}

static int judge(struct db *db, const struct model_version *v, const struct condition *c,
		 struct str text, struct checks *out, struct mlops_error *err)
{
	double value = 0, limit = 0;
	bool there, has = find_metric(v, c->key, &value);
	char shown[NUM_SIZE], beside[NUM_SIZE];

	if (resolve(db, v, c, &limit, &there, err))
		return -1;
	struct stage_check check = {
		.text = xstrndup(text.p, text.n),
		.found = has ? xstrdup(num_format_double(value, shown)) : NULL,
		.holds = has && (!there || relates(c->relation, value, limit)),
	};
	if (*c->wanted == '@' && there) {
		free(check.text);
		check.text =
			xasprintf(STR_FMT " (%s)", STR_ARG(text), num_format_double(limit, beside));
	}
	vec_push(&out->v, check);
	return 0;
}

int rules_judge(struct db *db, const struct model_version *v, const char *rule, struct checks *out,
		struct mlops_error *err)
{
	struct str rest = str_of(rule);

	while (rest.n) {
		struct str text = str_trim(str_split(rest, ',', &rest));
		autocondition c = { 0 };

		if (parse(text, &c, err) || judge(db, v, &c, text, out, err))
			return -1;
	}
	return 0;
}

static bool is_listed(const char *list, const char *word)
{
	struct str rest = str_of(list);

	while (rest.n)
		if (str_eq(str_split(rest, ' ', &rest), word))
			return true;
	return false;
}

static int find_approvers(struct project *project, const char *model, const char **role,
			  const char **users, struct mlops_error *err)
{
	if (setting(project, model, "approver", role, err))
		return -1;
	if (!*role)
		*role = "approver";
	autofree char *key = xasprintf("role.%s", *role);
	return project_config_shared(project, key, users, err);
}

int rules_may_approve(struct project *project, const char *model, bool *may, const char **role,
		      struct mlops_error *err)
{
	autofree char *user = user_name();
	const char *users;

	if (find_approvers(project, model, role, &users, err))
		return -1;
	*may = users && is_listed(users, user);
	return 0;
}

/* Of the approvals those count that are by others, who have the role still. */
static int judge_approvals(struct project *project, const struct model_version *v,
			   struct checks *out, struct mlops_error *err)
{
	const char *role, *users, *text;
	int64_t wanted = 1, n = 0;
	autobuf who = { 0 };

	if (setting(project, v->model, "approvals", &text, err) ||
	    find_approvers(project, v->model, &role, &users, err))
		return -1;
	if (text && (!num_parse_i64(text, &wanted) || wanted < 0 || wanted > APPROVALS_MAX))
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is no number of approvals (model.approvals)", text);
	for (size_t i = 0; i < v->n_approvals; i++) {
		const char *user = v->approvals[i].user;

		if (!users || !is_listed(users, user) || !strcmp(user, v->user))
			continue;
		strbuf_addf(&who, "%s%s", n++ ? ", " : "", user);
	}
	if (!wanted)
		return 0;
	const struct stage_check check = {
		.text = xasprintf("%lld approval%s by role '%s'", (long long)wanted,
				  wanted == 1 ? "" : "s", role),
		.found = who.len ? strbuf_steal(&who) : NULL,
		.holds = n >= wanted,
	};
	vec_push(&out->v, check);
	return 0;
}

static int judge_setting(struct project *project, struct db *db, const struct model_version *v,
			 const char *key, bool must, struct checks *out, struct mlops_error *err)
{
	const char *rule;

	if (setting(project, v->model, key, &rule, err))
		return -1;
	if (!rule && must) {
		err_set(err, MLOPS_EINVALID,
			"nothing says what a version of '%s' must reach for %s", v->model, key);
		return err_hint(err,
				"say it with: mlops config model.%s \"METRIC >= NUMBER\", or none",
				key);
	}
	if (!rule || !strcmp(rule, NOTHING))
		return 0;
	return rules_judge(db, v, rule, out, err) ? err_wrap(err, "setting 'model.%s'", key) : 0;
}

int rules_of_stage(struct project *project, struct db *db, const struct model_version *v,
		   enum model_stage stage, struct checks *out, struct mlops_error *err)
{
	if (judge_setting(project, db, v, "staging", true, out, err))
		return -1;
	if (stage != MODEL_PRODUCTION)
		return 0;
	return judge_setting(project, db, v, "production", false, out, err) ||
			       judge_approvals(project, v, out, err) ?
		       -1 :
		       0;
}
