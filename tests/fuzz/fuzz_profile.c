/*
 * Profiles: what was loaded can be shown, merged and compared, and saved so that it loads again.
 * The text "Z" stands for the 32768 digits of an empty sketch, which no input has room for.
 */
#include "fuzz.h"

#include "base/fs.h"
#include "mlops/monitor.h"

static char dir[] = "/dev/shm/mlops-fuzz.XXXXXX";
static char *in, *out;

static void remove_dir(void)
{
	autoerr err = ERR_INIT;

	fs_remove_tree(dir, &err);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	MUST(mkdtemp(dir));
	in = xasprintf("%s/in", dir);
	out = xasprintf("%s/out", dir);
	atexit(remove_dir);
	return 0;
}

static void write_input(const char *data, size_t n)
{
	static const char mark[] = "\"Z\"";
	FILE *f = fopen(in, "w");

	MUST(f);
	for (size_t i = 0; i < n; i++) {
		if (n - i >= 3 && !memcmp(data + i, mark, 3)) {
			fprintf(f, "\"%032768d\"", 0);
			i += 2;
		} else {
			fputc(data[i], f);
		}
	}
	MUST(!fclose(f));
}

static void show(const struct profile *p)
{
	struct profile_view view;

	for (size_t i = 0; mlops_profile_column(p, i, &view); i++) {
		MUST(view.missing <= view.rows && view.distinct >= 0);
		MUST(view.n_top <= MLOPS_PROFILE_TOP);
	}
}

static void compare(const char *a, const char *b)
{
	struct mlops_drift_opts opts = MLOPS_DRIFT_DEFAULTS;
	struct drift_report *report;
	autoerr err = ERR_INIT;

	if (!mlops_is_profile(a) || refused(mlops_drift(a, b, &opts, &report, &err), &err))
		return;
	MUST(report->n_drifted <= report->n_columns);
	mlops_drift_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct profile *p, *again;
	autoerr err = ERR_INIT;

	write_input((const char *)data, n);
	if (refused(mlops_profile_load(in, &p, &err), &err))
		return 0;
	show(p);
	MUST(!mlops_profile_save(p, out, &err));
	MUST(!mlops_profile_load(out, &again, &err));
	mlops_profile_merge(again, p);
	show(again);
	MUST(!mlops_profile_save(again, out, &err));
	compare(in, out);
	compare(out, in);
	mlops_profile_free(p);
	mlops_profile_free(again);
	return 0;
}
