/* What a cluster is given: settings, configuration, capacity providers and their strategy (facts: tasks 3.2, 3.5;
 * services 11). The cluster's document keeps it. */
#ifndef CLUSTER_CONFIG_H
#define CLUSTER_CONFIG_H

#include "api_lookup.h"

/* Checks a CreateCluster request. 0, API_ERROR or <0. */
int cluster_config_check_new(struct api_call *call);
/* The document of a new cluster, in the call's arena. */
int cluster_config_new(struct api_call *call, const char **ret_document);

/* Attachments are being changed from now on. */
void cluster_config_begin_work(struct api_call *call, struct value *document);
/* The document with a capacity provider that belongs to this cluster alone, or without it. */
const char *cluster_config_with_scoped(
    struct api_call *call, const struct cluster *cluster, const char *name, bool with);
/* The document of a cluster that is being deleted; NULL: it goes at once. */
const char *cluster_config_gone(struct api_call *call, const struct cluster *cluster);

/* Checks settings and configuration of an update. */
int cluster_config_check_update(struct api_call *call);
/* The document with what an update gives; members that it does not give stay. */
const char *cluster_config_updated(struct api_call *call, const struct cluster *cluster);

/* Checks `capacityProviders` and `defaultCapacityProviderStrategy`: all known, all associated. */
int cluster_config_check_providers(struct api_call *call);
/* The document with the request's providers, their strategy and attachments instead of the old ones. */
int cluster_config_with_providers(
    struct api_call *call, const struct cluster *cluster, const char **ret_document);

#endif
