/* Calls into libnvidia-ml.so.1, which comes with the driver and has no header in Debian. */
#include "pipeline/nvml.h"

#include "base/lazy.h"
#include "base/mem.h"

#define OK              0
#define TOO_SMALL       7 /* NVML_ERROR_INSUFFICIENT_SIZE */
#define NOT_KNOWN       UINT64_MAX
#define PROCESSES_MAX   65536
#define PROCESSES_SPARE 8 /* that may come between two calls */

struct utilization {
	unsigned gpu, memory;
};

struct memory {
	unsigned long long total, free, used;
};

struct process_info {
	unsigned pid;
	unsigned long long used;
	unsigned gpu_instance, compute_instance;
};

static struct {
	int (*init)(void);
	int (*count)(unsigned *n);
	int (*by_index)(unsigned index, void **device);
	int (*uuid)(void *device, char *uuid, unsigned length);
	int (*utilization)(void *device, struct utilization *out);
	int (*memory)(void *device, struct memory *out);
	int (*processes)(void *device, unsigned *n, struct process_info *out);
} call;

static const char *const symbols[] = { "nvmlInit_v2",
				       "nvmlDeviceGetCount_v2",
				       "nvmlDeviceGetHandleByIndex_v2",
				       "nvmlDeviceGetUUID",
				       "nvmlDeviceGetUtilizationRates",
				       "nvmlDeviceGetMemoryInfo",
				       "nvmlDeviceGetComputeRunningProcesses_v3",
				       NULL };

static struct lazy_lib lib = { "libnvidia-ml.so.1", "libnvidia-ml1", symbols, (void **)&call, 0 };

bool nvml_open(struct nvml_device **out, size_t *n)
{
	autoerr ignored = ERR_INIT;
	unsigned count;

	if (lazy_load(&lib, &ignored) || call.init() != OK || call.count(&count) != OK)
		return false;
	struct nvml_device *devices = xcalloc(count ? count : 1, sizeof(*devices));
	for (unsigned i = 0; i < count; i++) {
		if (call.by_index(i, &devices[i].handle) != OK)
			devices[i].handle = NULL; /* one that is not ours to see */
		else if (call.uuid(devices[i].handle, devices[i].uuid, NVML_UUID) != OK)
			devices[i].uuid[0] = '\0';
		devices[i].uuid[NVML_UUID - 1] = '\0';
	}
	*out = devices;
	*n = count;
	return true;
}

bool nvml_busy(const struct nvml_device *device, double *percent)
{
	struct utilization u;

	if (!device->handle || call.utilization(device->handle, &u) != OK)
		return false;
	*percent = u.gpu;
	return true;
}

bool nvml_memory(const struct nvml_device *device, uint64_t *used)
{
	struct memory m;

	if (!device->handle || call.memory(device->handle, &m) != OK)
		return false;
	*used = m.used;
	return true;
}

/* The first call tells how many there are. */
void nvml_processes(const struct nvml_device *device, struct nvml_process **out, size_t *n)
{
	unsigned count = 0;

	*out = NULL;
	*n = 0;
	if (!device->handle || call.processes(device->handle, &count, NULL) != TOO_SMALL ||
	    count > PROCESSES_MAX)
		return;
	unsigned room = count + PROCESSES_SPARE;
	autofree struct process_info *infos = xcalloc(room, sizeof(*infos));
	count = room;
	if (call.processes(device->handle, &count, infos) != OK || count > room)
		return;
	*out = xcalloc(count ? count : 1, sizeof(**out));
	for (unsigned i = 0; i < count; i++)
		(*out)[i] = (struct nvml_process){
			(pid_t)infos[i].pid,
			infos[i].used == NOT_KNOWN ? 0 : infos[i].used,
		};
	*n = count;
}
