/* A project in a folder of its own, for tests of the parts above lib/project. */
#pragma once

#include "mlops/project.h"
#include "unit.h"

struct unit_project {
	char *dir;
	struct project *project;
};

static inline int unit_project_set_up(void **state)
{
	struct unit_project *u = xcalloc(1, sizeof(*u));
	autoerr err = ERR_INIT;
	bool created;

	u->dir = unit_scratch();
	assert_success(mlops_project_init(u->dir, true, &created, &err));
	assert_success(mlops_project_open(u->dir, &u->project, &err));
	*state = u;
	return 0;
}

static inline int unit_project_tear_down(void **state)
{
	struct unit_project *u = *state;

	mlops_project_free(u->project);
	unit_scratch_remove(u->dir);
	free(u);
	return 0;
}

/* A test that gets a struct unit_project as its *state. */
#define unit_project_test(fn)                                                                      \
	cmocka_unit_test_setup_teardown(fn, unit_project_set_up, unit_project_tear_down)
