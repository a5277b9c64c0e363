from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_conflicts_of_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="recovered_by_hand",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
