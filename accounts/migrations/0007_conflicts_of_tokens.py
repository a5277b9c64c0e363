"""A token may be for some conflicts alone; those there are stay for all. Teams and purging are a kind of their own: a
token for cards opens them no more."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_kinds_of_tokens")]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="conflicts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                blank=True,
                default=list,
                size=None,
                verbose_name="conflicts",
            ),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="kinds",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("card", "Cards and declarations"),
                        ("team", "Teams, until when it is kept, and purging"),
                        ("brief", "Briefs and ground rules"),
                        ("sessions", "Sessions"),
                        ("people", "People, by pseudonym"),
                        ("identity", "Who people are"),
                        ("links", "Ties to officials"),
                        ("outcomes", "Outcomes"),
                        ("transfers", "Transfers and what became of them"),
                        ("coordination", "Overlaps and arrangements"),
                        ("audit", "Who looked"),
                    ],
                    max_length=15,
                ),
                blank=True,
                default=list,
                size=None,
                verbose_name="kinds",
            ),
        ),
    ]
