/*
 * Processor time is what times(1) says of children, which every sh has. The rest is there where /proc
 * is: bytes from and to disks of the shell's own entry, to which those of children are added once
 * they were waited for (proc(5)), and the memory of processes by looking at them, as /proc keeps no
 * peak of those that have ended.
 */
#include "pipeline/used.h"

#include "base/fs.h"
#include "project/project.h"

#define TEXT_MAX 256

const char used_script[] =
	"used_tell() { times; [ ! -r /proc/$$/io ] || cat /proc/$$/io; }\n"
	"used_begin() { used_tell >\"$1\" 2>/dev/null || :; }\n"
	"used_end() {\n"
	"	{\n"
	"		echo ended; used_tell\n"
	"		[ ! -e \"$1.peak\" ] || echo \"peak_kib: $(cat \"$1.peak\")\"\n"
	"	} >>\"$1\" 2>/dev/null || :\n"
	"}\n"
	"used_most() {\n"
	"	while read -r key value unit; do\n"
	"		[ \"$key\" != VmHWM: ] || { [ \"$value\" -le \"$peak\" ] || peak=$value; break; }\n"
	"	done <\"/proc/$1/status\"\n"
	"	for list in /proc/\"$1\"/task/*/children; do\n"
	"		below=; read -r below <\"$list\"\n"
	"		for child in $below; do used_most \"$child\"; done\n"
	"	done\n"
	"}\n"
	"used_watch() (\n"
	"	set +eu; peak=0 was=0\n"
	"	while [ -e \"/proc/$1\" ]; do\n"
	"		used_most \"$1\"\n"
	"		[ \"$peak\" = \"$was\" ] || echo \"$peak\" >\"$2.peak\"\n"
	"		was=$peak; sleep 0.2 || sleep 1\n"
	"	done\n"
	") >/dev/null 2>&1\n";

/* "0m1.25s", with the decimal point that the language there has, in milliseconds. */
static bool take_time(const char **at, int64_t *ms)
{
	int minutes, seconds, n = 0;
	int64_t sum, scale = 100;

	if (sscanf(*at, "%9dm%9d%n", &minutes, &seconds, &n) != 2 || !n || minutes < 0 ||
	    seconds < 0)
		return false;
	*at += n;
	sum = ((int64_t)minutes * 60 + seconds) * 1000;
	if (**at == '.' || **at == ',')
		for (++*at; **at >= '0' && **at <= '9'; ++*at, scale /= 10)
			sum += (**at - '0') * scale;
	if (**at != 's')
		return false;
	++*at;
	*ms = sum;
	return true;
}

/* The two of a line: of the user and of the system. */
static bool read_times(const char *line, int64_t *ms)
{
	int64_t user, system;

	if (!take_time(&line, &user) || *line++ != ' ' || !take_time(&line, &system) || *line)
		return false;
	*ms = user + system;
	return true;
}

/* What was told last, and before the command began. */
struct told {
	int64_t cpu_ms, read_bytes, written_bytes, peak_kib;
	size_t times; /* lines of them: the second is that of the children */
};

static void read_line(const char *line, struct told *t)
{
	long long n;
	int64_t ms;

	if (read_times(line, &ms)) {
		if (++t->times == 2)
			t->cpu_ms = ms;
		return;
	}
	if (sscanf(line, "read_bytes: %15lld", &n) == 1 && n > 0)
		t->read_bytes = n;
	if (sscanf(line, "write_bytes: %15lld", &n) == 1 && n > 0)
		t->written_bytes = n;
	if (sscanf(line, "peak_kib: %15lld", &n) == 1 && n > 0)
		t->peak_kib = n;
}

static int64_t grown(int64_t before, int64_t after)
{
	return after > before ? after - before : 0;
}

void used_read(const char *text, struct run_usage *out)
{
	struct told before = { 0 }, after = { 0 };
	struct told *at = &before;
	struct str rest = str_of(text);

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);
		autofree char *copy = xstrndup(line.p, line.n);
		const char *words = str_starts(copy, "# ") ? copy + 2 : copy;

		if (!strcmp(words, "ended"))
			at = &after;
		else
			read_line(words, at);
	}
	*out = (struct run_usage){
		.cpu_ms = grown(before.cpu_ms, after.cpu_ms),
		.read_bytes = grown(before.read_bytes, after.read_bytes),
		.written_bytes = grown(before.written_bytes, after.written_bytes),
		.peak_bytes = after.peak_kib * 1024,
	};
}

static char *used_file(struct project *project, const char *stage)
{
	autofree char *name = xasprintf("run/used/%s", stage);

	return project_file(project, name);
}

/* Nothing fails for want of it. */
void used_leave(struct project *project, const char *stage, const struct run_usage *usage)
{
	autofree char *file = used_file(project, stage);
	autofree char *text = xasprintf("%lld %lld %lld %lld\n", (long long)usage->cpu_ms,
					(long long)usage->peak_bytes, (long long)usage->read_bytes,
					(long long)usage->written_bytes);
	autoerr ignored = ERR_INIT;

	if (!fs_mkdirs_for(file, &ignored))
		fs_write_atomic(file, text, strlen(text), 0666, &ignored);
}

void used_take(struct project *project, const char *stage, struct run_usage *out)
{
	autofree char *file = used_file(project, stage);
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;
	long long cpu, peak, in, written;

	*out = (struct run_usage){ 0 };
	if (fs_read(file, TEXT_MAX, &text, &ignored))
		return;
	if (sscanf(text.buf ? text.buf : "", "%lld %lld %lld %lld", &cpu, &peak, &in, &written) ==
	    4)
		*out = (struct run_usage){ cpu, peak, in, written, { 0 } };
	fs_remove_tree(file, &ignored);
}
