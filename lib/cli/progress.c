/* "sending: 12 of 40 objects, 3.1 MiB of 9.0 MiB, 1.5 MiB/s, 4.0 s left" */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/num.h"
#include "cli/term.h"

#define SHOW_EVERY_MS 200
#define RATE_AFTER_MS 1000 /* before that a rate is noise */

void progress_start(struct progress *p, const char *verb, bool quiet)
{
	*p = (struct progress){ .verb = verb, .started_ms = clock_mono_ms() };
	p->wanted = !quiet && term_is_tty(stderr);
}

void progress_format(const struct progress *p, uint64_t objects, uint64_t total_objects,
		     uint64_t bytes, uint64_t total_bytes, int64_t elapsed_ms, struct strbuf *out)
{
	char done[NUM_SIZE], total[NUM_SIZE], rate[NUM_SIZE], left[CLOCK_ISO_SIZE];

	strbuf_addf(out, "%s: %llu of %llu objects, %s", p->verb, (unsigned long long)objects,
		    (unsigned long long)total_objects, num_format_bytes(bytes, done));
	if (total_bytes)
		strbuf_addf(out, " of %s", num_format_bytes(total_bytes, total));
	if (elapsed_ms < RATE_AFTER_MS || !bytes)
		return;
	double per_ms = (double)bytes / (double)elapsed_ms;
	strbuf_addf(out, ", %s/s", num_format_bytes((uint64_t)(per_ms * 1000), rate));
	if (total_bytes > bytes)
		strbuf_addf(out, ", %s left",
			    clock_format_duration((int64_t)((double)(total_bytes - bytes) / per_ms),
						  left));
}

void progress_show(struct progress *p, uint64_t objects, uint64_t total_objects, uint64_t bytes,
		   uint64_t total_bytes)
{
	int64_t now = clock_mono_ms();
	autobuf line = { 0 };

	if (!p->wanted || now - p->shown_ms < SHOW_EVERY_MS)
		return;
	progress_format(p, objects, total_objects, bytes, total_bytes, now - p->started_ms, &line);
	fprintf(stderr, "\r%s\033[K", line.buf);
	fflush(stderr);
	p->shown_ms = now;
	p->visible = true;
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fputs("\r\033[K", stderr);
	p->visible = false;
}
