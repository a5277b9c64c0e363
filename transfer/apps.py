from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "transfer"
    verbose_name = "Transfer"

    def ready(self) -> None:
        from initiatives.services.rules import keeps_who_was_there
        from participants.services.forgetting import lets_go_of_ties
        from transfer.services.carriers import unlink_ties
        from transfer.services.origin import KEEPER

        keeps_who_was_there(KEEPER)
        lets_go_of_ties(unlink_ties)
