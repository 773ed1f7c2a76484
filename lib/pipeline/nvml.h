/*
 * NVIDIA's management library, loaded when it is first asked for: what its devices do, and which
 * processes are on them (NVML API Reference; the structures are those of nvml.h).
 */
#pragma once

#include <sys/types.h>

#include "base/mem.h"

#define NVML_UUID 96

struct nvml_device {
	void *handle;
	char uuid[NVML_UUID]; /* "GPU-..." */
};

struct nvml_process {
	pid_t pid; /* as the driver sees it: in a container not what we do */
	uint64_t bytes;
};

/* All devices of the machine, in the order of their PCI addresses; false: the library is not here. */
bool nvml_open(struct nvml_device **out, size_t *n);
/* Percent of the time since it was last measured in which it worked. False: it does not say. */
bool nvml_busy(const struct nvml_device *device, double *percent);
bool nvml_memory(const struct nvml_device *device, uint64_t *used);
/* The processes that compute on it: new. */
void nvml_processes(const struct nvml_device *device, struct nvml_process **out, size_t *n);
