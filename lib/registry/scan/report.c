/* Rules, findings, and the walk over the paths that mlops_scan() is given. */
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "registry/scan/scan.h"

#define MAX_FOLDERS 128 /* deep */

static const struct scan_rule rules[] = {
#define SCAN_RULE(name, id, severity, title) [RULE_##name] = { id, SCAN_##severity, title },
#include "registry/scan/rules.def"
#undef SCAN_RULE
	{ 0 },
};

const struct scan_rule *mlops_scan_rules(void)
{
	return rules;
}

const char *mlops_scan_severity_name(enum scan_severity severity)
{
	static const char *const names[] = { "low", "medium", "high", "critical" };

	return names[severity];
}

void scan_find(struct scan *s, const struct item *it, enum scan_rule_id rule, uint64_t offset,
	       const char *fmt, ...)
{
	struct scan_finding f = { .rule = &rules[rule], .offset = offset };
	va_list ap;

	/* Little ones may not crowd out the others, so these have ten times the room. */
	if (s->findings.n >= (f.rule->severity >= SCAN_HIGH ? 10 : 1) * (size_t)SCAN_MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	autofree char *text = xvasprintf(fmt, ap);
	va_end(ap);
	f.file = arena_strdup(&s->arena, it->file);
	f.member = it->member ? arena_strdup(&s->arena, it->member) : NULL;
	f.message = arena_strdup(&s->arena, text);
	vec_push(&s->findings, f);
}

void scan_unreadable(struct scan *s, const struct item *it, struct mlops_error *err)
{
	scan_find(s, it, RULE_NOT_SCANNED, 0, "%s", err->msg);
	mlops_error_clear(err);
}

/* What lies in a folder and cannot be opened is a finding: the rest is scanned all the same. */
static int scan_file(struct scan *s, const char *path, bool given, uint64_t size, struct mlops_error *err)
{
	autosource src = { .fd = -1 };
	struct item it = { .src = &src, .file = path };
	autofree char *base = item_base(path);

	it.base = base;
	if (source_open(&src, path, err)) {
		if (given)
			return -1;
		scan_unreadable(s, &it, err);
		return 0;
	}
	s->files++;
	s->bytes += size;
	s->unpack_left = SCAN_MAX_UNPACKED;
	scan_item(s, &it);
	return 0;
}

struct walk {
	struct scan *s;
	const char *dir;
	struct strlist names;
};

static int add_name(const char *name, void *arg, struct mlops_error *err)
{
	struct walk *w = arg;

	(void)err;
	if (strcmp(name, ".git") && strcmp(name, ".mlops"))
		strlist_add(&w->names, name);
	return 0;
}

static int scan_path(struct scan *s, const char *path, bool given, unsigned depth, struct mlops_error *err);

static int scan_dir(struct scan *s, const char *dir, unsigned depth, struct mlops_error *err)
{
	struct walk w = { .s = s, .dir = dir };
	int rc = depth > MAX_FOLDERS ?
			 err_set(err, MLOPS_EINVALID, "'%s' lies deeper than %d folders", dir, MAX_FOLDERS) :
			 fs_each_name(dir, add_name, &w, err);

	strlist_sort(&w.names);
	for (size_t i = 0; !rc && i < w.names.n; i++) {
		autofree char *path = path_join(dir, w.names.v[i]);

		rc = scan_path(s, path, false, depth + 1, err);
	}
	strlist_clear(&w.names);
	return rc;
}

static int scan_path(struct scan *s, const char *path, bool given, unsigned depth, struct mlops_error *err)
{
	struct stat st;

	if (given ? stat(path, &st) : lstat(path, &st)) {
		err_sys(err, "cannot scan '%s'", path);
		err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return scan_dir(s, path, depth, err);
	if (S_ISREG(st.st_mode))
		return scan_file(s, path, given, (uint64_t)st.st_size, err);
	return given ? err_set(err, MLOPS_EINVALID, "'%s' is neither a file nor a folder", path) : 0;
}

int mlops_scan(const char *const *paths, size_t n, struct scan_report **out, struct mlops_error *err)
{
	struct scan s = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = scan_path(&s, paths[i], true, 0, err);
	if (rc) {
		vec_free(&s.findings);
		arena_clear(&s.arena);
		return -1;
	}
	struct scan_report *r = xcalloc(1, sizeof(*r));
	r->findings = arena_alloc(&s.arena, s.findings.n * sizeof(*r->findings));
	r->n = s.findings.n;
	if (r->n)
		memcpy(r->findings, s.findings.v, r->n * sizeof(*r->findings));
	vec_free(&s.findings);
	r->files = s.files;
	r->members = s.members;
	r->bytes = s.bytes;
	r->arena = xmemdup(&s.arena, sizeof(s.arena));
	*out = r;
	return 0;
}

size_t mlops_scan_count(const struct scan_report *report, enum scan_severity least)
{
	size_t count = 0;

	for (size_t i = 0; i < report->n; i++)
		count += report->findings[i].rule->severity >= least;
	return count;
}

void mlops_scan_report_free(struct scan_report *report)
{
	if (!report)
		return;
	arena_clear(report->arena);
	free(report->arena);
	free(report);
}
