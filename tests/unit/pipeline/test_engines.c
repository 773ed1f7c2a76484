/* What engines make and read: jobs and pods of Kubernetes, hosts, scripts, outs that come home. */
#include <unistd.h>

#include "mlops/config.h"
#include "pipeline/engines/kubernetes.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/used.h"
#include "unit_project.h"

static struct mlops_error err;

/* The pod of the newest of these; what it lends lives as long as *list. */
static struct kube_pod pod_of(const char *text, struct json **list)
{
	struct kube_pod pod;

	assert_success(js_parse(text, strlen(text), "pods", list, &err));
	kube_pod_read(*list, &pod);
	return pod;
}

#define POD(status) "{\"items\": [{\"metadata\": {\"name\": \"p\"}, \"status\": " status "}]}"
#define GOING(status)                                                                              \
	"{\"items\": [{\"metadata\": {\"name\": \"p\", \"deletionTimestamp\": \"t\", "                    \
	"\"deletionGracePeriodSeconds\": 5}, \"status\": " status "}]}"
#define STATE(phase, state)                                                                        \
	POD("{\"phase\": \"" phase "\", \"containerStatuses\": [{\"state\": " state "}]}")

static void test_pods(void **state)
{
	static const struct {
		const char *text;
		enum kube_phase phase;
		int code;
		const char *why, *said;
	} rows[] = {
		{ "{}", KUBE_ABSENT, 0, "", "" },
		{ "{\"items\": 5}", KUBE_ABSENT, 0, "", "" },
		{ POD("{}"), KUBE_WAITING, 0, "", "" },
		{ POD("{\"conditions\": [{\"type\": \"PodScheduled\", \"status\": \"False\", "
		      "\"message\": \"full\"}]}"),
		  KUBE_WAITING, 0, "full", "" },
		{ STATE("Pending", "{\"waiting\": {\"reason\": \"ContainerCreating\"}}"),
		  KUBE_WAITING, 0, "ContainerCreating", "" },
		{ STATE("Pending",
			"{\"waiting\": {\"reason\": \"ErrImagePull\", \"message\": \"no\"}}"),
		  KUBE_REFUSED, 0, "no", "" },
		{ STATE("Running", "{\"running\": {}}"), KUBE_STARTED, 0, "", "" },
		{ STATE("Running", "{\"terminated\": {\"exitCode\": 0}}"), KUBE_STARTED, 0, "",
		  "" },
		{ STATE("Succeeded", "{\"terminated\": {\"exitCode\": 0, \"message\": \"m\"}}"),
		  KUBE_ENDED, 0, "", "m" },
		{ STATE("Failed",
			"{\"terminated\": {\"exitCode\": 137, \"reason\": \"OOMKilled\"}}"),
		  KUBE_ENDED, 137, "OOMKilled", "" },
		{ POD("{\"phase\": \"Failed\", \"reason\": \"Evicted\"}"), KUBE_ENDED, 1, "Evicted",
		  "" },
		{ GOING("{\"phase\": \"Running\", \"containerStatuses\": [{\"state\": "
			"{\"running\": {}}}]}"),
		  KUBE_STARTED, 0, "it is being deleted", "" },
		{ GOING("{\"phase\": \"Running\", \"conditions\": [{\"type\": "
			"\"DisruptionTarget\", \"status\": \"True\", \"reason\": "
			"\"DeletionByTaintManager\", \"message\": \"taint\"}]}"),
		  KUBE_LOST, 0, "taint", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		autojson *list = NULL;
		struct kube_pod pod = pod_of(rows[i].text, &list);

		assert_int_equal(pod.phase, rows[i].phase);
		assert_int_equal(pod.code, rows[i].code);
		assert_string_equal(pod.why, rows[i].why);
		assert_string_equal(pod.said, rows[i].said);
	}
}

/* Of a stage and a run, as Kubernetes takes names: 63 letters, digits and '-', no '-' at the ends. */
static void test_names(void **state)
{
	autofree char *a = kube_job_name("Train_model@lr=0.1-and-more", "r1");
	autofree char *b = kube_job_name("Train-model@lr=0.1-and-more", "r1");
	autofree char *c = kube_job_name("Train_model@lr=0.1-and-more", "r2");

	(void)state;
	assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(a));
	assert_true(strlen(a) <= 63 && str_starts(a, "mlops-train-model-lr-0-"));
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
}

static void test_dollars(void **state)
{
	const struct kube_settings settings = { .image = "i", .gpu = "g" };
	const struct kube_job job = { .settings = &settings,
				      .name = "n",
				      .stage = "s",
				      .run_id = "",
				      .script = "echo $$ $(HOME)" };
	autojson *made = NULL;
	autobuf text = { 0 };

	(void)state;
	assert_success(kube_job_make(&job, &made, &err));
	js_dump(made, JS_COMPACT, &text);
	assert_non_null(strstr(text.buf, "\"echo $$$$ $$(HOME)\""));
}

static void test_used(void **state)
{
	static const struct {
		const char *text;
		struct run_usage want;
	} rows[] = {
		{ "", { 0 } },
		{ "status 7\n# 0m0.010s 0m0.000s\n# 0m0.25s 0m0.05s\n# read_bytes: 10\n# "
		  "write_bytes: 20\n# ended\n# 0m0.010s 0m0.000s\n# 1m2.5s 0m0.250000s\n# "
		  "read_bytes: 110\n# write_bytes: 20\n# peak_kib: 3\n",
		  { 62450, 3072, 100, 0, { 0 } } },
		{ "0m0,0s 0m0,0s\n0m0,0s 0m0,0s\nended\n0m9,0s 0m0s\n0m1,5s 0m2s\n",
		  { 3500, 0, 0, 0, { 0 } } },
		{ "ended\nread_bytes: -5\n0m-1s 0m0s\n0m5s\nx\n", { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run_usage got = { .cpu_ms = -1 };

		used_read(rows[i].text, &got);
		assert_int_equal(got.cpu_ms, rows[i].want.cpu_ms);
		assert_int_equal(got.peak_bytes, rows[i].want.peak_bytes);
		assert_int_equal(got.read_bytes, rows[i].want.read_bytes);
	}
}

static void write_hosts(struct unit_project *u, const char *hosts)
{
	assert_success(mlops_config_set(u->project, CONFIG_LOCAL, "engine.e.hosts", hosts, &err));
}

static void test_hosts(void **state)
{
	static const char *const bad[] = { "-oProxyCommand=1", "a b/../c", "a;b", "a=0", "a=x",
					   "a=99999",          "   " };
	struct unit_project *u = *state;
	const struct offload stage = { .engine = "e" };
	const struct engine_call call = { .project = u->project, .stage = &stage };
	struct ssh_hosts hosts = { 0 };

	write_hosts(u, " one=3  me@two.example [::1]");
	assert_success(ssh_hosts_read(&call, &hosts, &err));
	assert_int_equal(hosts.v.n, 3);
	assert_int_equal(hosts.v.v[0].slots, 3);
	assert_string_equal(hosts.v.v[1].name, "me@two.example");
	assert_int_equal(hosts.v.v[1].slots, 1);
	ssh_hosts_clear(&hosts);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_hosts(u, bad[i]);
		assert_error(ssh_hosts_read(&call, &hosts, &err), MLOPS_EINVALID, "");
		ssh_hosts_clear(&hosts);
	}
}

/* Also when a host makes the archive: nothing but the outs is touched, and none of ours is taken. */
static void test_home(void **state)
{
	struct unit_project *u = *state;
	const char *const outs[] = { "good/out", "bad/out", "absent" };
	struct offload stage = { .outs = outs, .n_outs = 1 };
	const struct engine_call call = { .project = u->project, .stage = &stage };
	autofree char *dir = NULL, *outside = path_join(u->dir, "outside");

	assert_success(engine_scratch(&call, &dir, &err));
	autofree char *good = path_join(dir, "good/out"), *link = path_join(dir, "bad");
	autofree char *home = path_join(u->dir, "good/out"), *theirs = path_join(outside, "out");
	assert_success(fs_mkdirs_for(good, &err) || fs_mkdirs_for(theirs, &err));
	assert_success(fs_write_atomic(good, "1", 1, 0644, &err));
	assert_success(fs_write_atomic(theirs, "2", 1, 0644, &err));
	assert_int_equal(symlink(outside, link), 0);
	assert_success(engine_bring_home(&call, dir, &err));
	assert_true(fs_exists(home));
	stage.n_outs = 3;
	assert_error(engine_bring_home(&call, dir, &err), MLOPS_EINVALID, "below a symlink");
	assert_true(fs_exists(theirs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pods),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_dollars), cmocka_unit_test(test_used), unit_project_test(test_hosts),
		unit_project_test(test_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
