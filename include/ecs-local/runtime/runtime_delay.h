/* How long things of the control plane take that are no stage of a task: under --timing instant no time at all, under
 * realistic about what AWS takes; a timing file says {"delays": {"clusterAttachments": "10s"}}. */
#ifndef ECS_LOCAL_RUNTIME_RUNTIME_DELAY_H
#define ECS_LOCAL_RUNTIME_RUNTIME_DELAY_H

enum runtime_delay {
    RUNTIME_DELAY_CLUSTER_ATTACHMENTS, /* what PutClusterCapacityProviders changes in Auto Scaling groups */
    RUNTIME_DELAY_PROVIDER_UPDATE,     /* Create, Update and DeleteCapacityProvider */
    RUNTIME_DELAY_SCALE_OUT,           /* from a task that waits to an instance that is registered */
    RUNTIME_DELAY_SCALE_IN,            /* how long an instance stays empty before managed scaling ends it */
    RUNTIME_DELAY_COUNT
};

#endif
