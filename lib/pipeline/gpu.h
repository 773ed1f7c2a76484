/* What the stages at work have of the machine's GPUs, looked at now and then. */
#pragma once

#include "pipeline/jobs.h"
#include "pipeline/nvml.h"

struct gpu_watch {
	const struct capacity *capacity;
	bool tried; /* to find devices; there are none when n is 0 */
	struct nvml_device *devices;
	size_t n;
	int64_t next_ms; /* monotonic: the next look; 0: not set */
};

/* Milliseconds until the next look is due; -1: there is nothing to look at. */
int gpu_watch_due(struct gpu_watch *w, const struct jobs *jobs);
/* Looks, if it is time, and adds what it sees to the usage of the jobs' stages. */
void gpu_watch_look(struct gpu_watch *w, const struct jobs *jobs);
void gpu_watch_clear(struct gpu_watch *w);
