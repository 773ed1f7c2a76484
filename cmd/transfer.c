/* Counts and progress of push and pull. */
#include "transfer.h"

#include "base/num.h"

static void show(const struct transfer_counts *done, uint64_t total_objects, uint64_t total_bytes,
		 void *arg)
{
	progress_show(arg, done->objects, total_objects, done->bytes, total_bytes);
}

void cmd_transfer_how(struct transfer_how *how, struct progress *p)
{
	how->progress = show;
	how->arg = p;
}

void cmd_add_counts(struct transfer_counts *to, const struct transfer_counts *counts)
{
	to->objects += counts->objects;
	to->bytes += counts->bytes;
	to->present += counts->present;
	to->moved += counts->moved;
	to->missing += counts->missing;
}

void cmd_print_counts(const struct transfer_counts *counts, const char *done)
{
	char size[NUM_SIZE];

	if (!counts->objects) {
		printf("nothing %s: all of it is there\n", done);
		return;
	}
	printf("%llu object%s, %s %s", (unsigned long long)counts->objects,
	       counts->objects == 1 ? "" : "s", num_format_bytes(counts->bytes, size), done);
	if (counts->moved && counts->moved < counts->bytes - counts->bytes / 8)
		printf(" as %s", num_format_bytes(counts->moved, size));
	if (counts->present)
		printf("; %llu %s there already", (unsigned long long)counts->present,
		       counts->present == 1 ? "was" : "were");
	putchar('\n');
}

void cmd_set_counts(struct json *v, const struct transfer_counts *counts)
{
	js_set(v, "objects", js_int((int64_t)counts->objects));
	js_set(v, "bytes", js_int((int64_t)counts->bytes));
	js_set(v, "moved", js_int((int64_t)counts->moved));
	js_set(v, "present", js_int((int64_t)counts->present));
}
