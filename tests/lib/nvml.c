/*
 * A libnvidia-ml.so.1 for tests, with the calls that mlops makes: its devices are the lines
 * "UUID PERCENT BYTES [PIDFILE BYTES]..." of the file $NVML_FAKE. Each time that a process is told
 * of, or a device's memory, a line is added to $NVML_FAKE.looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, INSUFFICIENT_SIZE = 7, DEVICES = 8, PROCESSES = 8 };

typedef struct {
	unsigned int gpu, memory;
} nvmlUtilization_t;

typedef struct {
	unsigned long long total, free, used;
} nvmlMemory_t;

typedef struct {
	unsigned int pid;
	unsigned long long usedGpuMemory;
	unsigned int gpuInstanceId, computeInstanceId;
} nvmlProcessInfo_t;

static struct device {
	char uuid[64];
	unsigned int percent;
	unsigned long long used;
	nvmlProcessInfo_t processes[PROCESSES];
	unsigned int n;
} devices[DEVICES];
static unsigned int n_devices;

static unsigned int read_pid(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

static void read_device(char *line, struct device *d)
{
	char *save, *word = strtok_r(line, " \n", &save);

	memset(d, 0, sizeof(*d));
	snprintf(d->uuid, sizeof(d->uuid), "%s", word);
	d->percent = (unsigned int)atoi(strtok_r(NULL, " \n", &save));
	d->used = strtoull(strtok_r(NULL, " \n", &save), NULL, 10);
	while ((word = strtok_r(NULL, " \n", &save))) {
		const char *bytes = strtok_r(NULL, " \n", &save);

		d->processes[d->n].pid = read_pid(word);
		d->processes[d->n].usedGpuMemory = strtoull(bytes, NULL, 10);
		d->n += d->processes[d->n].pid != 0;
	}
}

static void note_look(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.looks", getenv("NVML_FAKE"));
	FILE *file = fopen(path, "a");
	fputs("look\n", file);
	fclose(file);
}

static void read_devices(void)
{
	FILE *file = fopen(getenv("NVML_FAKE"), "r");
	char line[1024];

	n_devices = 0;
	while (fgets(line, sizeof(line), file))
		read_device(line, &devices[n_devices++]);
	fclose(file);
}

int nvmlInit_v2(void)
{
	read_devices();
	return SUCCESS;
}

int nvmlShutdown(void)
{
	return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned int *count)
{
	*count = n_devices;
	return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device)
{
	if (index >= n_devices)
		return INVALID_ARGUMENT;
	*device = &devices[index];
	return SUCCESS;
}

int nvmlDeviceGetUUID(struct device *device, char *uuid, unsigned int length)
{
	snprintf(uuid, length, "%s", device->uuid);
	return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(struct device *device, nvmlUtilization_t *out)
{
	*out = (nvmlUtilization_t){ device->percent, 0 };
	return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(struct device *device, nvmlMemory_t *out)
{
	note_look();
	*out = (nvmlMemory_t){ 1 << 30, (1 << 30) - device->used, device->used };
	return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(struct device *device, unsigned int *count,
					    nvmlProcessInfo_t *infos)
{
	unsigned int room = *count;

	read_devices();
	*count = device->n;
	if (room < device->n)
		return INSUFFICIENT_SIZE;
	if (device->n)
		note_look();
	memcpy(infos, device->processes, device->n * sizeof(*infos));
	return SUCCESS;
}
