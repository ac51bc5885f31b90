/* Account settings: which there are, and which value holds (facts: tasks 10). */
#ifndef ACCOUNT_SETTING_H
#define ACCOUNT_SETTING_H

#include "ecs-local/api/api.h"

/* What holds for a principal (NULL: the account's root): its own setting, else root's, else AWS's default. The
 * name must be one of the model's. 0 or <0. */
int account_setting_effective(
    struct api_call *call, const char *principal_arn_or_null, const char *name, const char **ret_value);

#endif
