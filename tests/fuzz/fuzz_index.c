/*
 * The stat cache on disk: any bytes give either no entries or entries that lie within the file. The
 * closing checksum is made right, for no input would get past it.
 */
#include "fuzz.h"

#include <fcntl.h>

#include "base/le.h"
#include "base/xxh.h"
#include "store/index_file.h"

static char file[] = "/dev/shm/mlops-fuzz.XXXXXX";
static int fd = -1;

static void remove_file(void)
{
	unlink(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fd = mkstemp(file);
	MUST(fd >= 0);
	atexit(remove_file);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct index_file index = { 0 };
	uint8_t sum[8];

	le64_put(sum, xxh_64(data, n));
	MUST(!ftruncate(fd, 0) && pwrite(fd, data, n, 0) == (ssize_t)n &&
	     pwrite(fd, sum, sizeof(sum), (off_t)n) == sizeof(sum));
	index_file_map(file, &index);
	for (size_t i = 0; i < index.n; i++) {
		struct str path = index_file_path(&index, i);
		autofree char *copy = xstrndup(path.p, path.n);
		struct index_entry e;

		index_file_entry(&index, i, &e);
		index_file_find(&index, copy, i);
	}
	index_file_unmap(&index);
	return 0;
}
