/* dlopen(3) on first use. */
#include "base/lazy.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static int load(struct lazy_lib *lib, struct mlops_error *err)
{
	void *handle = dlopen(lib->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		err_set(err, MLOPS_EFAIL, "cannot load %s: %s", lib->soname, dlerror());
		return err_hint(err, "install the package %s", lib->package);
	}
	for (size_t i = 0; lib->symbols[i]; i++) {
		lib->slots[i] = dlsym(handle, lib->symbols[i]);
		if (!lib->slots[i])
			return err_set(err, MLOPS_EFAIL, "%s has no function '%s': it is too old",
				       lib->soname, lib->symbols[i]);
	}
	return 0;
}

int lazy_load(struct lazy_lib *lib, struct mlops_error *err)
{
	int rc = 0;

	if (__atomic_load_n(&lib->state, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&loading);
	if (!lib->state)
		rc = load(lib, err);
	if (!rc)
		__atomic_store_n(&lib->state, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&loading);
	return rc;
}
