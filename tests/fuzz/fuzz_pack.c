/*
 * Packs and their indexes. The input is the size of the index (two bytes, little endian), the
 * index, and the pack. Nothing in either may lead outside of them.
 */
#include "fuzz.h"

#include <fcntl.h>

#include "base/fs.h"
#include "store/pack.h"

#define HEX                                                                                        \
	"00000000000000000000000000000000"                                                         \
	"00000000000000000000000000000000"
#define MAX_ENTRIES 64

static char dir[] = "/dev/shm/mlops-fuzz.XXXXXX";
static int dir_fd = -1;
static struct scratch *scratch;

static void remove_dir(void)
{
	autoerr err = ERR_INIT;

	fs_remove_tree(dir, &err);
	scratch_free(scratch);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	autoerr err = ERR_INIT;

	(void)argc, (void)argv;
	MUST(mkdtemp(dir) && !scratch_new(&scratch, &err));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(remove_dir);
	return 0;
}

static void write_file(const char *name, const uint8_t *data, size_t n)
{
	autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
}

static void read_entry(const struct pack *pack, const struct pack_entry *e)
{
	autoclose int fd = open(pack->path, O_RDONLY | O_CLOEXEC);
	autoerr err = ERR_INIT;
	char *raw;

	if (refused(pack_read(fd, pack->path, e, scratch, &raw, &err), &err))
		return;
	MUST(raw[e->raw] == '\0');
	free(raw);
}

static void walk(const struct pack *pack)
{
	struct pack_entry e, found;
	autoerr err = ERR_INIT;

	for (uint32_t i = 0; i < pack->count && i < MAX_ENTRIES; i++) {
		if (refused(pack_entry(pack, i, &e, &err), &err))
			continue;
		MUST(e.offset <= pack->size && e.stored <= pack->size - e.offset);
		pack_find(pack, &e.oid, &found);
		if (e.raw <= 1 << 20)
			read_entry(pack, &e);
	}
}

/* What a damaged pack claims to hold is read as far as it is there. */
static int read_claim(const struct pack_entry *e, void *arg, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/" HEX ".pack", dir), *raw = NULL;
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	autoerr damaged = ERR_INIT;

	(void)err;
	MUST(e->raw <= PACK_OBJECT_MAX && e->stored <= e->raw);
	if (e->raw <= 1 << 20)
		refused(pack_read_data(fd, path, e, scratch, &raw, &damaged), &damaged);
	return ++*(int *)arg == MAX_ENTRIES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pack *pack;
	autoerr err = ERR_INIT;
	int claims = 0;

	if (n < 2)
		return 0;
	size_t index = (size_t)(data[0] | data[1] << 8), rest = n - 2;
	if (index > rest)
		index = rest;
	write_file(HEX ".idx", data + 2, index);
	write_file(HEX ".pack", data + 2 + index, rest - index);
	MUST(pack_claims(dir, HEX, read_claim, &claims, &err) >= 0);
	if (refused(pack_open(dir, HEX, &pack, &err), &err))
		return 0;
	refused(pack_check_index(pack, &err), &err);
	walk(pack);
	pack_free(pack);
	return 0;
}
